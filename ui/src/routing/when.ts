// Dates as an office writes them: bugün 08.12, dün 14.05, 17.11 09.12, 17.11.2025.
import { clock } from '$ui/lib/format';
import { region } from '$ui/lib/languages';
import { m } from '$ui/paraglide/messages';
import { getLocale } from '$ui/paraglide/runtime';
import { dayNumber } from './due';

const ZONE = 'Europe/Istanbul';
const made = new Map<string, Intl.DateTimeFormat>();

function format(ms: number, options: Intl.DateTimeFormatOptions): string {
  const locale = region();
  const key = locale + JSON.stringify(options);
  let formatter = made.get(key);
  if (!formatter) made.set(key, (formatter = new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options })));
  return formatter.format(ms);
}

const year = (ms: number) => format(ms, { year: 'numeric' });

/** 24.11.2026 */
export const fullDay = (ms: number): string =>
  format(ms, getLocale() === 'tr' ? { day: '2-digit', month: '2-digit', year: 'numeric' } : { day: 'numeric', month: 'short', year: 'numeric' });
/** 24.11 or 24 Nov, with the year when it is another one. */
export const shortDay = (ms: number, now = Date.now()): string =>
  year(ms) !== year(now)
    ? fullDay(ms)
    : getLocale() === 'tr'
      ? format(ms, { day: '2-digit', month: '2-digit' }).replace('/', '.')
      : format(ms, { day: 'numeric', month: 'short' });
/** A calendar date `YYYY-MM-DD`. */
export const calendarDay = (iso: string): string => fullDay(Date.parse(`${iso}T12:00:00Z`));

/** Its day of the week. */
export const weekday = (iso: string): string => format(Date.parse(`${iso}T12:00:00Z`), { weekday: 'long' });

export function when(ms: number, now = Date.now()): string {
  const ago = dayNumber(now) - dayNumber(ms);
  const day = ago === 0 ? m.day_today() : ago === 1 ? m.day_yesterday() : shortDay(ms, now);
  return `${day} ${clock(ms)}`;
}

/** az önce, 41 dk önce, 14 sa önce, 9 gün önce. */
export function since(ms: number, now = Date.now()): string {
  const minutes = Math.max(0, Math.floor((now - ms) / 60_000));
  if (minutes < 1) return m.desk_since_now();
  if (minutes < 60) return m.desk_since_minutes({ count: minutes });
  if (minutes < 48 * 60) return m.desk_since_hours({ count: Math.floor(minutes / 60) });
  return m.ago_days({ count: Math.floor(minutes / 1440) });
}

/** Today as `YYYY-MM-DD` in Istanbul, some days on. */
export const isoDay = (days = 0, now = Date.now()): string => new Date((dayNumber(now) + days) * 86_400_000).toISOString().slice(0, 10);
