// Lists that stay as long as they were read while the city goes on.
import { describe, expect, it, vi } from 'vitest';
import { DeskFailed, type Ask } from '$ui/backend/desk';
import { beside, Listed, MOST_PAGES } from '$ui/routing/listed.svelte';
import type { Queue } from '$ui/wire/Queue';
import type { QueueRow } from '$ui/wire/QueueRow';

const PAGE = 3;

/** A list of so many rows, three on a page, that goes on behind the row it ended with. */
function city(count: number) {
  const state = { rows: Array.from({ length: count }, (_, n) => `r${n}`) };
  const ask = vi.fn(async ({ after }: Ask): Promise<Queue> => {
    const from = after ? state.rows.indexOf(after) + 1 : 0;
    const ids = state.rows.slice(from, from + PAGE);
    const rows = ids.map((id) => ({ id }) as QueueRow);
    return { rows, next: ids.length === PAGE ? (ids.at(-1) ?? null) : null, total: state.rows.length, triage: 0, inbox: 0, tasks: 0, late: 0 };
  });
  const list = new Listed(ask);
  return { state, ask, list, ids: () => list.rows.map(({ id }) => id) };
}
const triage: Ask = { list: 'triage' };

describe('a list that is read page by page', () => {
  it('stays as long as it was read when something changes, and shows what changed', async () => {
    const { state, list, ids } = city(20);
    await list.show(triage);
    await list.more();
    await list.more();
    expect(ids()).toEqual(state.rows.slice(0, 9));
    state.rows.splice(4, 1);
    await list.show(triage);
    expect(ids()).toEqual(state.rows.slice(0, 9));
    expect([list.value?.total, list.value?.next]).toEqual([19, 'r9']);
  });

  it('begins anew where another is asked for, and its end stays its end', async () => {
    const { list, ids } = city(5);
    await list.show(triage);
    await list.more();
    expect([ids().length, list.value?.next]).toEqual([5, null]);
    await list.more();
    expect(ids()).toHaveLength(5);
    await list.show({ ...triage, q: 'çukur' });
    expect(ids()).toHaveLength(PAGE);
  });

  it('has each row once, though one became more urgent between two pages', async () => {
    const { state, list, ids } = city(9);
    await list.show(triage);
    state.rows = ['r0', 'r1', 'r2', 'r3', 'r0b', 'r1', 'r4'];
    await list.more();
    expect(ids()).toEqual(['r0', 'r1', 'r2', 'r3', 'r0b']);
  });

  it('is asked for once more after whatever happens meanwhile, however much that is', async () => {
    const { ask, list } = city(9);
    await list.show(triage);
    ask.mockClear();
    const first = list.show(triage);
    for (let n = 0; n < 20; n += 1) void list.show(triage);
    await first;
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('grows although it is just being asked for', async () => {
    const { list, ids } = city(9);
    await list.show(triage);
    const asking = list.show(triage);
    void list.more();
    await asking;
    expect(ids()).toHaveLength(2 * PAGE);
  });

  it('never asks for more than so many pages at once', async () => {
    const { ask, list, ids } = city(100);
    await list.show(triage);
    for (let n = 0; n < MOST_PAGES + 3; n += 1) await list.more();
    expect(ids()).toHaveLength((MOST_PAGES + 4) * PAGE);
    ask.mockClear();
    await list.show(triage);
    expect([ask.mock.calls.length, ids().length]).toEqual([MOST_PAGES, MOST_PAGES * PAGE]);
  });

  it('stays on the screen when a page of it cannot be had', async () => {
    const { ask, list, ids } = city(9);
    await list.show(triage);
    await list.more();
    ask.mockImplementationOnce(ask.getMockImplementation()!).mockRejectedValueOnce(new DeskFailed('offline'));
    await list.show(triage);
    expect([ids().length, list.trouble?.trouble]).toEqual([2 * PAGE, 'offline']);
    await list.show(triage);
    expect([ids().length, list.trouble]).toEqual([2 * PAGE, null]);
  });

  it('drops the pages of a list that nobody waits for any more', async () => {
    const { ask, list } = city(30);
    await list.show(triage);
    for (let n = 0; n < 5; n += 1) await list.more();
    ask.mockClear();
    void list.show(triage);
    await list.show({ ...triage, q: 'çukur' });
    expect(ask).toHaveBeenCalledTimes(2);
    expect(list.rows).toHaveLength(PAGE);
  });
});

describe('going on', () => {
  it('is one down or up, and from where the row stood once somebody took it away', () => {
    expect([beside(4, 4, 1), beside(4, 4, -1)]).toEqual([5, 3]);
    // The next one moved up to where it stood.
    expect([beside(-1, 4, 1), beside(-1, 4, -1)]).toEqual([4, 3]);
    expect(beside(-1, 0, 1)).toBe(0);
  });
});
