// The map pack: shown where there is one and it is sound; the app's own map in every other case.
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call } from '$ui/wire/Call';
import { cityMap } from '$ui/map/borders';
import { mapsFrom } from '$ui/map/pack';
import { CallFailed, type Tablet } from '$ui/backend/tablet';

const square = [[29, 41], [29.1, 41], [29.1, 41.1], [29, 41.1], [29, 41]];
const area = { type: 'MultiPolygon', coordinates: [[square]] };
const drawn = {
  format: 1,
  credit: 'Belediye',
  borders: {
    type: 'Topology',
    arcs: [square],
    objects: { neighbourhoods: { type: 'GeometryCollection', geometries: [{ type: 'Polygon', arcs: [[0]], properties: { code: 'kadikoy-rasimpasa', name: 'Rasimpaşa', district: 'kadikoy', label: [29.05, 41.05] } }] } },
  },
  land: area,
  water: { type: 'MultiPolygon', coordinates: [] },
  lines: [{ kind: 'main', from: 10, shape: { type: 'MultiLineString', coordinates: [square] } }],
};

/** A tablet with a pack in two parts; `mark` tells packs apart. */
function withPack(mark: number, content: unknown, break_?: (part: number) => string | null): Tablet {
  const bytes = gzipSync(JSON.stringify(content));
  const half = Math.ceil(bytes.length / 2);
  const parts = [bytes.subarray(0, half), bytes.subarray(half)].map((part) => part.toString('base64'));
  const call = (asked: Call) => {
    if (asked.call === 'map') return Promise.resolve({ version: '2026-12', mark, parts: parts.length });
    if (asked.call !== 'map_part') return Promise.reject(new Error(asked.call));
    return Promise.resolve(break_ ? break_(asked.part) : asked.mark === mark ? (parts[asked.part] ?? null) : null);
  };
  return { call: call as Tablet['call'], onChange: () => () => {}, photoUrl: () => '' };
}

describe('the map', () => {
  const fetched = vi.fn(() => Promise.resolve(new Response(readFileSync('src/map/data/istanbul.json'))));
  beforeEach(() => {
    fetched.mockClear();
    vi.stubGlobal('fetch', fetched);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('is the pack, read once, until there is another one', async () => {
    mapsFrom(withPack(1, drawn));
    const map = await cityMap();
    expect(map.lines.map(({ kind, from }) => [kind, from])).toEqual([['main', 10]]);
    expect(map.credit).toBe('Belediye');
    expect(map.neighbourhoods.map(({ code }) => code)).toEqual(['kadikoy-rasimpasa']);
    expect(await cityMap()).toBe(map);
    mapsFrom(withPack(2, { ...drawn, credit: 'Yeni' }));
    expect((await cityMap()).credit).toBe('Yeni');
    expect(fetched).not.toHaveBeenCalled();
  });

  it.each([
    ['a part is damaged', withPack(3, drawn, () => null)],
    ['its bytes are no pack', withPack(4, drawn, () => btoa('no pack'))],
    ['it has no borders', withPack(5, { ...drawn, borders: undefined })],
    ['the core is locked', { ...withPack(7, drawn), call: (() => Promise.reject(new CallFailed({ code: 'locked', detail: '' }))) as Tablet['call'] }],
  ])('is the app’s own where %s', async (_, tablet) => {
    mapsFrom(tablet);
    const map = await cityMap();
    expect(map.neighbourhoods.length).toBeGreaterThan(900);
    expect(map.lines).toEqual([]);
  });
});
