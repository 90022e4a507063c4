import { flushSync, mount, unmount } from 'svelte';
import { describe, expect, it } from 'vitest';
import Lines from '$ui/report/Lines.svelte';
import type { Counts } from '$ui/wire/Counts';

const counts: Counts = { received: 3, open: 1, overdue: 0, cancelled: 0, concluded: 2, ripe: 2, answered: 2, confirmed: 1, objected: 0, returned: 0, channels: [3, 0, 0, 0], outcomes: [2, 0, 0, 0, 0, 0], median: 2, p90: 3 };
const lines = Array.from({ length: 30 }, (_, i) => ({ code: `m-${i}`, name: `Mahalle ${i}`, counts }));

describe('lines of a report', () => {
  it('are few on a screen, more on paper, and all when asked for', () => {
    const shown = mount(Lines, { target: document.body, props: { first: 'Mahalle', lines, totals: counts, most: 5, printed: 20 } });
    const rows = () => [...document.querySelectorAll('tbody tr')].map((row) => row.classList.contains('only-print-row'));
    expect(rows().filter((paper) => !paper)).toHaveLength(5);
    expect(rows().filter(Boolean)).toHaveLength(15);
    document.querySelector('button')?.click();
    flushSync();
    expect(rows()).toEqual(Array(30).fill(false));
    void unmount(shown);
  });
});
