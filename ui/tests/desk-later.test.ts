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

describe('decisions of all pages', () => {
  it('go when the tab is closed, whichever page they wait on, and none that was taken back', async () => {
    const sent: string[] = [];
    const made = () => new Later<string, true>(10_000, async (key) => void sent.push(key));
    const [announcements, tablets, nothing] = [made(), made(), made()];
    announcements.add('su kesintisi', true);
    tablets.add('4KR7', true);
    tablets.add('7M2Q', true);
    tablets.takeBack('4KR7');
    nothing.add('vazgeçildi', true);
    nothing.takeBack('vazgeçildi');
    await Later.leaveAll();
    await Later.leaveAll();
    expect(sent).toEqual(['su kesintisi', '7M2Q']);
  });

  it('go although one of them fails', async () => {
    const sent: string[] = [];
    const failing = new Later<string, true>(10_000, () => Promise.reject(new Error('gone')));
    const other = new Later<string, true>(10_000, async (key) => void sent.push(key));
    failing.add('a', true);
    other.add('b', true);
    await Later.leaveAll();
    expect([sent, failing.get('a')]).toEqual([['b'], undefined]);
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
