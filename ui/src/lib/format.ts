// Dates, sizes and distances as people here write them. Stored in UTC, shown in Istanbul.
import { m } from '$ui/paraglide/messages';
import { getLocale } from '$ui/paraglide/runtime';
import { region } from './languages';

const ZONE = 'Europe/Istanbul';
const calendar = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit' });
const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = region();
  const key = locale + JSON.stringify(options);
  let made = cache.get(key);
  if (!made) cache.set(key, (made = new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options })));
  return made;
}

/** Year, month and day in Istanbul. */
function dateOf(ms: number): { year: number; month: number; day: number } {
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const parts = calendar.formatToParts(ms);
  return { year: of('year'), month: of('month'), day: of('day') };
}

/** Number of the day in Istanbul, to tell today from yesterday. */
function dayNumber(ms: number): number {
  const { year, month, day } = dateOf(ms);
  return Date.UTC(year, month - 1, day) / 86_400_000;
}

/** 09.40 in Turkish, 09:40 in English. */
export function clock(ms: number): string {
  const text = formatter({ hour: '2-digit', minute: '2-digit', hour12: false }).format(ms);
  return getLocale() === 'tr' ? text.replace(':', '.') : text;
}

/** 12 Kasım, with the year when it is another one. */
export function day(ms: number, now = Date.now()): string {
  const sameYear = dateOf(ms).year === dateOf(now).year;
  return formatter({ day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) }).format(ms);
}

/** 12 Kasım 2026 09.40: for what is kept. */
export const record = (ms: number): string => `${formatter({ day: 'numeric', month: 'long', year: 'numeric' }).format(ms)} ${clock(ms)}`;

/** bugün, dün, 12 Kasım. */
export function nearDay(ms: number, now = Date.now()): string {
  const ago = dayNumber(now) - dayNumber(ms);
  return ago === 0 ? m.day_today() : ago === 1 ? m.day_yesterday() : day(ms, now);
}

/** bugün 09.40; 12 Kasım 09.40. */
export const moment = (ms: number, now = Date.now()): string => `${nearDay(ms, now)} ${clock(ms)}`;

/** A calendar date `YYYY-MM-DD`. */
export const date = (iso: string, now = Date.now()): string => day(Date.parse(`${iso}T12:00:00Z`), now);

/** şimdi, 3 dakika önce, bugün 07.55. */
export function ago(ms: number, now = Date.now()): string {
  const minutes = Math.floor((now - ms) / 60_000);
  if (minutes < 1) return m.ago_now();
  if (minutes < 60) return m.ago_minutes({ count: minutes });
  return moment(ms, now);
}

/** Days of the calendar from today, as a person counts them: 0 is today. Never negative. */
export const daysLeft = (ms: number, now = Date.now()): number => Math.max(0, dayNumber(ms) - dayNumber(now));

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(region(), { maximumFractionDigits: digits }).format(value);
}

/** With one digit behind the comma, also where it is a zero: for columns. */
export const tenth = (value: number): string =>
  new Intl.NumberFormat(region(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);

export function bytes(size: number): string {
  if (size < 1_000_000) return `${number(Math.max(1, Math.round(size / 1000)))} KB`;
  if (size < 1_000_000_000) return `${number(size / 1_000_000, 1)} MB`;
  return `${number(size / 1_000_000_000, 1)} GB`;
}

export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.floor((part / whole) * 100)) : 0;
}
