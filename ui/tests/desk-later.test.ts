import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keep, readKept } from '$ui/lib/kept';
import { Later } from '$ui/routing/later.svelte';

describe('decisions that wait for second thoughts', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const later = () => {
    const sent: Array<[number, string]> = [];
    let done: () => void = () => {};
    const made = new Later<number, string>(1000, (key, value) => {
      sent.push([key, value]);
      return new Promise((resolve) => (done = resolve));
    });
    return { made, sent, done: () => done() };
  };

  it('go when their time has passed, and can be taken back until then', () => {
    const { made, sent } = later();
    made.add(1, 'a');
    made.add(2, 'b');
    expect(made.takeBack(1)).toBe('a');
    vi.advanceTimersByTime(999);
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([[2, 'b']]);
  });

  it('go once when the page is left while one is on its way, which is not taken back any more', async () => {
    const { made, sent, done } = later();
    made.add(1, 'a');
    made.leave();
    made.leave();
    vi.advanceTimersByTime(5000);
    expect(sent).toEqual([[1, 'a']]);
    expect(made.takeBack(1)).toBe(undefined);
    expect(made.get(1)).toBe('a');
    done();
    await vi.waitFor(() => expect(made.get(1)).toBe(undefined));
  });
});

describe('what a browser keeps', () => {
  afterEach(() => localStorage.clear());

  it('is read back, and what cannot be read is nothing', () => {
    expect(keep('x', { a: 1 })).toBe(true);
    expect(readKept('x')).toEqual({ a: 1 });
    localStorage.setItem('x', '{half');
    expect(readKept('x')).toBe(null);
    keep('x', null);
    expect(localStorage.getItem('x')).toBe(null);
  });
});
