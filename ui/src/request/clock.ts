// The deadline of a request in words: how long is left, or why the clock stands still.
import { day, daysLeft } from '$ui/lib/format';
import { m } from '$ui/paraglide/messages';
import type { Request } from '$ui/wire/Request';

/** Null where nothing is owed any more, or nothing was promised yet. */
export function clockWords({ row, due, paused, thread }: Pick<Request, 'row' | 'due' | 'paused' | 'thread'>, now = Date.now()): string | null {
  if (paused) {
    const answered = thread.some(({ kind, mine, transport }) => kind === 'answer' && mine && (transport === 'queued' || transport === 'sending'));
    return m.with_detail({ word: m.clock_paused(), detail: answered ? m.clock_answered() : m.clock_asked() });
  }
  if (due === null || row.state === 'concluded' || row.state === 'closed' || row.state === 'cancelled') return null;
  if (due < now) return m.due_late({ day: day(due, now) });
  const left = daysLeft(due, now);
  return left === 0 ? m.due_today() : m.due_left({ count: left, day: day(due, now) });
}
