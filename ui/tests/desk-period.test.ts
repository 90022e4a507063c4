import { describe, expect, it } from 'vitest';
import { periodText, preset, presetOf, readPeriod } from '$ui/report/period';

describe('the days a report counts', () => {
  it.each([
    ['weeks', '2026-11-28', '2026-08-30..2026-11-28'],
    ['quarter', '2026-11-28', '2026-10-01..2026-11-28'],
    ['last_quarter', '2026-11-28', '2026-07-01..2026-09-30'],
    ['last_quarter', '2026-02-01', '2025-10-01..2025-12-31'],
    ['year', '2026-11-28', '2026-01-01..2026-11-28'],
    ['last_year', '2026-11-28', '2025-01-01..2025-12-31'],
  ] as const)('%s on %s are %s', (which, today, days) => {
    expect(periodText(preset(which, today))).toBe(days);
    expect(presetOf(readPeriod(days, today), today)).toBe(which);
  });

  it('are the last thirteen weeks where the address names none', () => {
    for (const wrong of ['', '2026-11-28', '2026-11-28..2026-11-01', 'x..y']) expect(presetOf(readPeriod(wrong, '2026-11-28'), '2026-11-28')).toBe('weeks');
  });

  it('have no name when somebody chose them', () => {
    expect(presetOf({ from: '2026-11-03', until: '2026-11-09' }, '2026-11-28')).toBeUndefined();
  });
});
