// What a desk's session hears while others write.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeDesk } from '$ui/backend/desk-fake';
import { Session } from '$ui/screens/desk/session.svelte';

afterEach(() => vi.useRealTimers());

/** A session of triage, and what the server calls when something changed. */
async function listening() {
  const door = fakeDesk(new URLSearchParams('as=triage'));
  let changed = (_: string) => {};
  vi.spyOn(door, 'listen').mockImplementation((told) => {
    changed = told;
    return () => {};
  });
  const session = new Session(door);
  session.enter(await door.me());
  return { session, changed: () => changed('1'), begun: session.version };
}

describe('what others write', () => {
  it('is looked at once when it comes together', async () => {
    const { session, changed, begun } = await listening();
    vi.useFakeTimers();
    for (let n = 0; n < 20; n++) changed();
    vi.advanceTimersByTime(1_000);
    expect(session.version - begun).toBe(1);
  });

  it('is looked at now and then when it never ends', async () => {
    const { session, changed, begun } = await listening();
    vi.useFakeTimers();
    for (let ms = 0; ms < 10_000; ms += 100) {
      changed();
      vi.advanceTimersByTime(100);
    }
    expect(session.version - begun).toBeGreaterThanOrEqual(4);
    expect(session.version - begun).toBeLessThanOrEqual(6);
  });
});
