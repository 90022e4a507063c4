// The deadline in words. The bar shows the share of working time that passed; the words count what a
// person counts: hours today, calendar days after that.
import { m } from '$ui/paraglide/messages';
import type { QueueRow } from '$ui/wire/QueueRow';

const HOUR = 3_600_000;
const dayOf = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Istanbul', year: 'numeric', month: '2-digit', day: '2-digit' });

export type DueTone = '' | 'd80' | 'd100' | 'late' | 'paused';
export interface Due {
  text: string;
  tone: DueTone;
  /** Share of the time that passed, 0 to 100. */
  part: number;
}

/** Number of the day in Istanbul. */
export const dayNumber = (ms: number): number => Date.parse(dayOf.format(ms)) / 86_400_000;

/** Null where nothing is owed any more, or nothing was promised yet. */
export function due(row: Pick<QueueRow, 'due' | 'spent' | 'paused' | 'state'>, now = Date.now()): Due | null {
  if (row.due === null || row.state === 'concluded' || row.state === 'closed' || row.state === 'cancelled') return null;
  const part = Math.round(Math.min(1, Math.max(0, row.spent)) * 100);
  if (row.paused) return { text: m.desk_due_paused(), tone: 'paused', part };
  const left = row.due - now;
  if (left < 0) {
    const hours = Math.floor(-left / HOUR);
    const days = dayNumber(now) - dayNumber(row.due);
    const text = hours < 1 ? m.desk_due_just_late() : days < 1 ? m.desk_due_late_hours({ count: hours }) : m.desk_due_late_days({ count: days });
    return { text, tone: 'late', part: 100 };
  }
  return { text: words(left, dayNumber(row.due) - dayNumber(now)), tone: row.spent >= 1 ? 'd100' : row.spent >= 0.8 ? 'd80' : '', part };
}

/** How long before the law's day it is spoken of. */
const LAW_NEAR = 3 * 24 * HOUR;

/** The law's day, once it is near or past; null while it is far or nothing is owed. */
export const lawOf = (ceiling: number | null, now: number): { at: number; late: boolean } | null =>
  ceiling === null || ceiling - now > LAW_NEAR ? null : { at: ceiling, late: ceiling < now };

function words(left: number, days: number): string {
  const hours = Math.floor(left / HOUR);
  if (hours < 1) return m.desk_due_now();
  if (days === 0) return hours <= 8 ? m.desk_due_hours({ count: hours }) : m.desk_due_today();
  return m.desk_due_days({ count: days });
}
