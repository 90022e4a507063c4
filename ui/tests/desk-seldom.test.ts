import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Seldom } from '$ui/routing/seldom';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const MINUTE = 60_000;
const counting = () => {
  const counted = vi.fn();
  return { counted, seldom: new Seldom(MINUTE, counted) };
};

it('counts once a minute however much is written, and not once more when it is quiet', () => {
  const { counted, seldom } = counting();
  seldom.now();
  for (let n = 0; n < 179; n += 1) {
    seldom.soon();
    vi.advanceTimersByTime(1000);
  }
  expect(counted).toHaveBeenCalledTimes(3);
  vi.advanceTimersByTime(10 * MINUTE);
  expect(counted).toHaveBeenCalledTimes(4);
});

it('counts what came after a quiet time at once, and whenever somebody asks', () => {
  const { counted, seldom } = counting();
  seldom.soon();
  vi.advanceTimersByTime(0);
  expect(counted).toHaveBeenCalledTimes(1);
  seldom.soon();
  seldom.now();
  expect(counted).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10 * MINUTE);
  expect(counted).toHaveBeenCalledTimes(2);
});

it('counts no more when the page is left', () => {
  const { counted, seldom } = counting();
  seldom.now();
  seldom.soon();
  seldom.stop();
  vi.advanceTimersByTime(10 * MINUTE);
  expect(counted).toHaveBeenCalledTimes(1);
});
