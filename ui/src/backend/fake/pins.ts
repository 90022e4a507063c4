// Requests on the map, as the core puts them together (app/core/src/door/map.rs).
import type { Pin } from '$ui/wire/Pin';
import type { Request } from '$ui/wire/Request';
import type { Window } from '$ui/wire/Window';

export function pins(requests: Request[], { south, west, north, east, cell }: Window): Pin[] {
  const cells = new Map<string, Request[]>();
  for (const request of requests) {
    const { fix } = request;
    if (!fix || fix.lat < south || fix.lat > north || fix.lon < west || fix.lon > east) continue;
    const key = `${Math.floor(fix.lat / (cell * 0.755))} ${Math.floor(fix.lon / cell)}`;
    cells.set(key, [...(cells.get(key) ?? []), request]);
  }
  return [...cells.values()].map((all) => {
    const one = all.length === 1 ? all[0]?.row : undefined;
    const middle = (of: 'lat' | 'lon') => all.reduce((sum, { fix }) => sum + (fix?.[of] ?? 0), 0) / all.length;
    return {
      lat: middle('lat'), lon: middle('lon'), count: all.length, ids: all.slice(0, 10).map(({ row }) => row.id),
      state: one?.state ?? null, outcome: one?.outcome ?? null, title: one?.discreet ? one.case_no : (one?.title ?? ''),
    };
  });
}
