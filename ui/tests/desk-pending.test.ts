import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeskFailed } from '$ui/backend/desk';
import { PendingActs, UNDO_MS } from '$ui/routing/pending.svelte';
import { MOST_PICKED, Picked } from '$ui/routing/picked.svelte';
import { Saved } from '$ui/routing/saved.svelte';
import { wasTaken } from '$ui/routing/taken';
import type { Act } from '$ui/wire/Act';
import type { DeskEvent } from '$ui/wire/DeskEvent';
import type { DeskRequest } from '$ui/wire/DeskRequest';

const act = (n = 3): Act => ({ n, action: 'route', unit: 'md-x' });
const answer = (id: string) => ({ row: { id } }) as DeskRequest;
const event = (n: number, more: Partial<DeskEvent> = {}): DeskEvent => ({ n, at: 0, what: 'routed', by: 'triage', author: 'Masa', note: '', unit: { code: 'md-x', name: 'X' }, outcome: null, date: null, other: null, ...more });

function desk(events: DeskEvent[] = []) {
  const call = vi.fn((id: string, _act: Act) => Promise.resolve(answer(id)));
  const look = vi.fn((id: string) => Promise.resolve({ ...answer(id), events } as DeskRequest));
  const outcomes = { sent: vi.fn(), failed: vi.fn(), back: vi.fn() };
  return { call, look, outcomes, acts: new PendingActs({ act: call, request: look }, outcomes, () => 'Masa') };
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
    expect(call.mock.calls).toEqual([['r2', act()], ['r1', act()]]);
    await vi.advanceTimersByTimeAsync(UNDO_MS * 2);
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('send what failed once more when the page is left, and what is on its way no second time', async () => {
    const { call, acts } = desk();
    call.mockRejectedValueOnce(new DeskFailed('offline'));
    acts.add('r1', '1', act(), 'a');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    call.mockReturnValueOnce(new Promise(() => {}));
    acts.add('r2', '2', act(), 'b');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    acts.leave();
    expect(call.mock.calls.map(([id]) => id)).toEqual(['r1', 'r2', 'r1']);
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

  it('leave what cannot be done as things stand to the person, with the reason', async () => {
    const { call, look, outcomes, acts } = desk();
    call.mockRejectedValueOnce(new DeskFailed('not_now', 'Önce alt iş bitmeli.'));
    acts.add('r1', '1', act(), 'a');
    await vi.advanceTimersByTimeAsync(UNDO_MS);
    expect(outcomes.failed.mock.calls[0]?.[0]).toMatchObject({ trouble: 'not_now', sentence: 'Önce alt iş bitmeli.' });
    expect([acts.list, look.mock.calls]).toEqual([[], []]);
  });

  describe('whose answer was lost', () => {
    async function saidTwice(events: DeskEvent[]) {
      const all = desk(events);
      all.call.mockRejectedValueOnce(new DeskFailed('offline')).mockRejectedValueOnce(new DeskFailed('stale'));
      all.acts.add('r1', '1', act(), 'a');
      await vi.advanceTimersByTimeAsync(UNDO_MS);
      all.acts.retry();
      await vi.advanceTimersByTimeAsync(0);
      return all;
    }

    it('were taken, when they stand in the history', async () => {
      const { outcomes, acts } = await saidTwice([event(3), event(4)]);
      expect(outcomes.sent).toHaveBeenCalledOnce();
      expect(outcomes.failed.mock.calls.map(([{ trouble }]) => trouble)).toEqual(['offline']);
      expect(acts.list).toEqual([]);
    });

    it('were overtaken, when somebody else’s stands there', async () => {
      const { outcomes } = await saidTwice([event(3), event(4, { author: 'Masa 2' })]);
      expect(outcomes.sent).not.toHaveBeenCalled();
      expect(outcomes.failed.mock.calls.map(([{ trouble }]) => trouble)).toEqual(['offline', 'stale']);
    });

    it('are asked about again, when the line is gone once more', async () => {
      const { call, look, outcomes, acts } = await saidTwice([]);
      outcomes.failed.mockClear();
      call.mockRejectedValueOnce(new DeskFailed('busy')).mockRejectedValueOnce(new DeskFailed('stale'));
      look.mockRejectedValueOnce(new DeskFailed('offline'));
      acts.add('r1', '1', act(), 'a');
      await acts.flush();
      await acts.flush();
      expect([acts.of('r1')?.stage, acts.of('r1')?.trouble?.trouble]).toEqual(['failed', 'offline']);
    });
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

describe('a decision in the history', () => {
  const taken = (events: DeskEvent[], decided = act()) => wasTaken({ events }, decided, 'Masa');

  it('is the same action with the same words, by the same person, right behind what was seen', () => {
    expect(taken([event(3), event(4)])).toBe(true);
    expect(taken([event(4, { what: 'recategorised', unit: null }), event(5)])).toBe(true);
    expect(taken([event(3)])).toBe(false);
    expect(taken([event(4, { author: 'Masa 2' }), event(5)])).toBe(false);
    expect(taken([event(4, { what: 'sent_out' })])).toBe(false);
    expect(taken([event(4, { unit: { code: 'md-y', name: 'Y' } })])).toBe(false);
  });

  it('may have words of the server’s around its own, and no unit where the event tells none', () => {
    const answered = event(4, { what: 'answered', unit: null, outcome: 'out_of_remit', note: 'İlettik.\n\nGönderildiği kurum: Y' });
    const decided: Act = { n: 3, action: 'answer', outcome: 'out_of_remit', unit: 'md-y', note: ' İlettik. ' };
    expect(taken([answered], decided)).toBe(true);
    expect(taken([answered], { ...decided, outcome: 'done' })).toBe(false);
    expect(taken([answered], { ...decided, note: 'Başka söz.' })).toBe(false);
    expect(taken([event(4, { what: 'planned', unit: null, date: '2026-12-10' })], { n: 3, action: 'plan', date: '2026-12-11' })).toBe(false);
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
