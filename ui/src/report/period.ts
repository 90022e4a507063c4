// The days a report counts, as they stand in the address: 2026-08-31..2026-11-28.
import { isoDay } from '$ui/routing/when';

export interface Period {
  /** First day, `YYYY-MM-DD`. */
  from: string;
  /** Last day, `YYYY-MM-DD`. */
  until: string;
}

export type Preset = 'weeks' | 'quarter' | 'last_quarter' | 'year' | 'last_year';
export const presets: Preset[] = ['weeks', 'quarter', 'last_quarter', 'year', 'last_year'];

const pad = (n: number) => String(n).padStart(2, '0');
const lastDay = (year: number, month: number) => new Date(Date.UTC(year, month, 0)).getUTCDate();
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function preset(which: Preset, today = isoDay()): Period {
  const year = Number(today.slice(0, 4));
  const quarter = Math.floor((Number(today.slice(5, 7)) - 1) / 3);
  const ofQuarter = (y: number, q: number): Period => ({ from: `${y}-${pad(q * 3 + 1)}-01`, until: `${y}-${pad(q * 3 + 3)}-${pad(lastDay(y, q * 3 + 3))}` });
  switch (which) {
    case 'weeks':
      return { from: isoDay(-90, Date.parse(`${today}T12:00:00Z`)), until: today };
    case 'quarter':
      return { ...ofQuarter(year, quarter), until: today };
    case 'last_quarter':
      return quarter === 0 ? ofQuarter(year - 1, 3) : ofQuarter(year, quarter - 1);
    case 'year':
      return { from: `${year}-01-01`, until: today };
    case 'last_year':
      return { from: `${year - 1}-01-01`, until: `${year - 1}-12-31` };
  }
}

/** From the address; the last thirteen weeks when it names none. */
export function readPeriod(text: string, today = isoDay()): Period {
  const [from = '', until = ''] = text.split('..');
  return DAY.test(from) && DAY.test(until) && from <= until ? { from, until } : preset('weeks', today);
}

export const periodText = ({ from, until }: Period): string => `${from}..${until}`;

export const presetOf = (period: Period, today = isoDay()): Preset | undefined =>
  presets.find((which) => periodText(preset(which, today)) === periodText(period));
