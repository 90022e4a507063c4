// What a muhtar writes to the municipality where nothing but an SMS gets through: who, how much, and since when.
import { ascii } from '$ui/lib/fold';
import { bytes, moment } from '$ui/lib/format';
import { m } from '$ui/paraglide/messages';
import type { Outbox } from '$ui/wire/Outbox';

/** Empty where nothing waits. An SMS has 160 letters, but only 70 with a single `ğ`, `ş` or `ı` in it: they are written without. */
export function smsText({ items, bytes: size, status }: Outbox, now = Date.now()): string {
  const waiting = items.filter(({ quarantine }) => quarantine === null);
  if (!waiting.length) return '';
  const since = Math.min(...waiting.map((item) => item.since));
  return ascii(m.sms_text({ tablet: status.identity?.prefix ?? '', count: waiting.length, size: bytes(size), when: moment(since, now) }));
}
