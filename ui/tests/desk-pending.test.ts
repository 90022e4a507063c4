import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeskFailed } from '$ui/backend/desk';
import { PendingActs, UNDO_MS } from '$ui/routing/pending.svelte';
import { MOST_PICKED, Picked } from '$ui/routing/picked.svelte';
import { Saved } from '$ui/routing/saved.svelte';
import type { Act } from '$ui/wire/Act';
import type { DeskRequest } from '$ui/wire/DeskRequest';

const act = (n = 3): Act => ({ n, action: 'route', unit: 'md-x' });
const answer = (id: string) => ({ row: { id } }) as DeskRequest;

function desk() {
  const call = vi.fn((id: string, _act: Act, _leaving?: boolean) => Promise.resolve(answer(id)));
  const outcomes = { sent: vi.fn(), failed: vi.fn(), back: vi.fn() };
  return { call, outcomes, acts: new PendingActs({ act: call }, outcomes) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('second thoughts', () => {
  it('send only when ten seconds have passed', async () => {
    const { call, outcomes, acts } = desk();
    acts.add('r1', '2026-000001', act(), 'Yönlendirildi');
    await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
    expect(call).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(call).toHaveBeenCalledExactlyOnceWith('r1', act());
    expect(outcomes.sent).toHaveBeenCalledOnce();
    expect(acts.list).toEqual([]);
  });

  it('take back the newest first, and nothing of it is ever sent', async () => {
    const { call, outcomes, acts } = desk();
    acts.add('r1', '1', act(), 'a');
    acts.add('r2', '2', act(), 'b');
    expect(acts.newest?.id).toBe('r2');
    expect(acts.takeBack()).toBe(true);
    expect(outcomes.back).toHaveBeenCalledWith(expect.objectContaining({ id: 'r2' }));
    expect(acts.newest?.id).toBe('r1');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(call.mock.calls.map(([id]) => id)).toEqual(['r1']);
  });

  it('send everything that waits, once, when the page is left', async () => {
    const { call, acts } = desk();
    acts.add('r1', '1', act(), 'a');
    acts.add('r2', '2', act(), 'b');
    acts.leave();
    expect(call.mock.calls).toEqual([['r2', act(), true], ['r1', act(), true]]);
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('wait, go one after the other and are taken back together where one decision was about several', async () => {
    const { call, outcomes, acts } = desk();
    const several = ['r1', 'r2', 'r3'].map((id) => ({ id, no: id, act: act() }));
    acts.add('r2', '2', act(), 'a');
    acts.addTogether(several, 'b');
    // The second has a decision of its own already.
    expect(acts.newest?.size).toBe(2);
    expect(acts.takeBack()).toBe(true);
    expect(acts.list.map(({ id }) => id)).toEqual(['r2']);
    acts.addTogether(several, 'b');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(call.mock.calls.map(([id]) => id).sort()).toEqual(['r1', 'r2', 'r3']);
    expect(outcomes.sent).toHaveBeenCalledTimes(3);
    acts.addTogether(several, 'c');
    // One that fails does not keep the others.
    call.mockRejectedValueOnce(new DeskFailed('busy'));
    await acts.flush();
    expect(acts.list.map(({ id, stage }) => [id, stage])).toEqual([['r1', 'failed']]);
    acts.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(acts.list).toEqual([]);
  });

  it('hold one decision a request', () => {
    const { acts } = desk();
    acts.add('r1', '1', act(), 'a');
    acts.add('r1', '1', { n: 3, action: 'ask', note: '?' }, 'b');
    expect(acts.list.map(({ act: { action } }) => action)).toEqual(['route']);
  });

  it('keep what failed for want of a line, and send it again', async () => {
    const { call, outcomes, acts } = desk();
    call.mockRejectedValueOnce(new DeskFailed('offline'));
    acts.add('r1', '1', act(), 'a');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(outcomes.failed).toHaveBeenCalledOnce();
    expect(acts.of('r1')?.stage).toBe('failed');
    acts.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(outcomes.sent).toHaveBeenCalledOnce();
    expect(acts.list).toEqual([]);
  });

  it('do not send again what somebody else overtook', async () => {
    const { call, outcomes, acts } = desk();
    call.mockRejectedValueOnce(new DeskFailed('stale'));
    acts.add('r1', '1', act(), 'a');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(outcomes.failed.mock.calls[0]?.[0].trouble).toBe('stale');
    acts.retry();
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(call).toHaveBeenCalledOnce();
  });

  it('cannot be taken back while it is on its way', () => {
    const { call, acts } = desk();
    call.mockReturnValueOnce(new Promise(() => {}));
    acts.add('r1', '1', act(), 'a');
    void acts.send('r1');
    expect(acts.takeBack('r1')).toBe(false);
    expect(acts.newest).toBeUndefined();
  });
});

describe('filters that are kept', () => {
  it('belong to a person, once each', () => {
    const saved = new Saved();
    saved.of('Masa');
    saved.add({ name: 'Kadıköy', to: '#/triage?q=kad%C4%B1k%C3%B6y' });
    saved.add({ name: 'Yine', to: '#/triage?q=kad%C4%B1k%C3%B6y' });
    const again = new Saved();
    again.of('Masa');
    expect(again.list.map(({ name }) => name)).toEqual(['Kadıköy']);
    again.of('Başkası');
    expect(again.list).toEqual([]);
    saved.drop('#/triage?q=kad%C4%B1k%C3%B6y');
    again.of('Masa');
    expect(again.list).toEqual([]);
  });
});

describe('what is picked', () => {
  it('is all of a page or none, and never more than can be decided at once', () => {
    const picked = new Picked();
    const many = Array.from({ length: MOST_PICKED + 5 }, (_, n) => `r${n}`);
    picked.toggle('r1');
    picked.toggleAll(many.slice(0, 3));
    expect(picked.ids.sort()).toEqual(['r0', 'r1', 'r2']);
    picked.toggleAll(many.slice(0, 3));
    expect(picked.size).toBe(0);
    picked.toggleAll(many);
    expect(picked.size).toBe(MOST_PICKED);
  });
});
