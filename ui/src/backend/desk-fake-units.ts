// Units with their work, and days off, for the pictures.
import holidays from '../../../shared/data/org/holidays.json';
import type { CalendarDay } from '$ui/wire/CalendarDay';
import type { UnitLoad } from '$ui/wire/UnitLoad';
import type { Desk } from './desk';
import { directory } from './desk-fake-city';

export function fakeUnits(answer: <T>(value: () => T) => Promise<T>, own: string | null): Pick<Desk, 'units' | 'switchUnit' | 'calendar' | 'setDay' | 'dropDay'> {
  const loads: UnitLoad[] = directory.units.map(({ code, name, kind, parent }, i) => {
    const works = kind === 'mudurluk' || kind === 'bagli-kurulus' || kind === 'ilce-belediyesi';
    const open = works ? (i * 37) % 61 : 0;
    return { unit: { code, name }, kind, parent, open, late: Math.floor(open / 7), tasks: i % 5 === 0 && works ? i % 4 : 0, approval: i % 3 === 0 && works, retired: false };
  });
  const today = new Date().toISOString().slice(0, 10);
  const until = new Date(Date.now() + 550 * 86_400_000).toISOString().slice(0, 10);
  let days: CalendarDay[] = holidays.days
    .filter(({ date }) => date >= today && date <= until)
    .map(({ date, name, half_day }) => ({ date, kind: half_day ? ('half' as const) : ('off' as const), name, author: null }));
  days = [...days, { date: '2027-01-04', kind: 'off' as const, name: 'Kar nedeniyle idari izin (Valilik kararı)', author: 'Ön inceleme masası' }].sort((a, b) => (a.date < b.date ? -1 : 1));
  const shown = () => (own ? loads.filter(({ unit }) => unit.code === own) : loads);
  return {
    units: () => answer(shown),
    switchUnit: (code, approval) =>
      answer(() => {
        for (const load of loads) if (load.unit.code === code) load.approval = approval;
        return shown();
      }),
    calendar: () => answer(() => days),
    setDay: ({ date, kind, name }) =>
      answer(() => (days = [...days.filter((day) => day.date !== date), { date, kind, name, author: 'Ön inceleme masası' }].sort((a, b) => (a.date < b.date ? -1 : 1)))),
    dropDay: (date) => answer(() => (days = days.filter((day) => day.date !== date))),
  };
}
