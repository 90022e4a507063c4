// What "my tablet" looks at, and the one thing to do about each.
import { describe, expect, it } from 'vitest';
import { fakeTablet } from '$ui/backend/fake/tablet';
import { checks, type Around, type Permits } from '$ui/screens/tablet/checks';
import type { Health } from '$ui/wire/Health';

const allowed: Permits = { location: 'granted', microphone: 'granted', camera: 'granted' };
const around: Around = { map: true, battery: null };
const health: Health = { free: 11_800_000_000, database: 1, photos: 0, clock_off: 0, map: null, map_coming: null };

async function look(change: { health?: Partial<Health>; permits?: Partial<Permits>; around?: Partial<Around> }) {
  const status = await fakeTablet(new URLSearchParams('fake=online')).call({ call: 'status' });
  const all = checks(status, { ...health, ...change.health }, { ...allowed, ...change.permits }, { ...around, ...change.around });
  return new Map(all.map((check) => [check.name, check]));
}

describe('the check of the tablet', () => {
  it.each([
    ['space', { health: { free: 1_000_000_001 } }, 'ok', undefined],
    ['space', { health: { free: 999_999_999 } }, 'soon', undefined],
    ['space', { health: { free: 200_000_000 } }, 'mend', undefined],
    ['camera', {}, 'ok', undefined],
    ['camera', { permits: { camera: 'prompt' } }, 'soon', 'camera'],
    ['camera', { permits: { camera: 'denied' } }, 'soon', undefined],
    ['map', {}, 'ok', undefined],
    ['map', { around: { map: false } }, 'mend', 'map'],
    ['battery', { around: { battery: false } }, 'soon', 'battery'],
    ['battery', { around: { battery: true } }, 'ok', undefined],
  ] as const)('%s: %o is %s', async (name, change, state, remedy) => {
    expect((await look(change)).get(name)).toMatchObject({ state, ...(remedy ? { remedy } : {}) });
    expect((await look(change)).get(name)?.remedy).toBe(remedy);
  });

  it('says which map is shown, and how much of a newer one is here', async () => {
    expect((await look({})).get('map')?.title).not.toContain('2026-12');
    expect((await look({})).has('map_coming')).toBe(false);
    const pack = await look({ health: { map: '2026-12', map_coming: 40 } });
    expect(pack.get('map')?.title).toContain('2026-12');
    expect(pack.get('map_coming')).toMatchObject({ state: 'ok', title: expect.stringContaining('40') });
  });

  it('speaks of no battery setting where there is none', async () => {
    expect((await look({})).has('battery')).toBe(false);
  });
});
