// The offline map's data, loaded when a map is shown: the pack that came by sync where there is one, else the app's own.
import type { Feature, MultiLineString, MultiPolygon, Polygon } from 'geojson';
import { feature, merge, mesh } from 'topojson-client';
import type { MultiPolygon as TopoMultiPolygon, Polygon as TopoPolygon, Topology } from 'topojson-specification';
import address from './data/istanbul.json?url';
import { packHere } from './pack';

export interface Neighbourhood {
  code: string;
  name: string;
  district: string;
  /** Longitude and latitude of a point that lies inside. */
  label: [number, number];
}

type Shape = (TopoPolygon | TopoMultiPolygon) & { properties: Neighbourhood };
interface City extends Topology {
  objects: { neighbourhoods: { type: 'GeometryCollection'; geometries: Shape[] } };
}

/** Roads and rails, where a pack has them. */
export interface Lines {
  kind: 'main' | 'street' | 'rail';
  /** Shown from this zoom on. */
  from: number;
  shape: MultiLineString;
}

/** As `scripts/map.mjs` writes it. */
interface Drawn {
  borders: City;
  land: MultiPolygon;
  water: MultiPolygon;
  lines?: Lines[];
  /** Whose data it is, beside what every map says. */
  credit?: string;
}

export interface CityMap {
  lines: Lines[];
  credit: string;
  land: MultiPolygon;
  water: MultiPolygon;
  borders: MultiLineString;
  districts: MultiLineString;
  neighbourhoods: Neighbourhood[];
  outline(code: string): Polygon | MultiPolygon | null;
  /** The neighbourhoods of a district, by their code. */
  ofDistrict(code: string): Map<string, MultiPolygon>;
  /** Each district as one area, by its code. */
  byDistrict(): Map<string, MultiPolygon>;
}

let loaded: { key: number | null; map: Promise<CityMap> } | undefined;

export async function cityMap(): Promise<CityMap> {
  // Whatever is wrong with a pack, the app's own map is there.
  const pack = await packHere().catch(() => null);
  if (pack) {
    try {
      return await once(pack.key, pack.read);
    } catch {
      // Drawn below.
    }
  }
  return once(null, own);
}

/** Reads a map once, until another one is shown; a failed reading may be tried again. */
function once(key: number | null, read: () => Promise<unknown>): Promise<CityMap> {
  if (loaded?.key === key) return loaded.map;
  const map = read().then((data) => prepare(data as Drawn));
  const mine = (loaded = { key, map });
  map.catch(() => {
    if (loaded === mine) loaded = undefined;
  });
  return map;
}

async function own(): Promise<unknown> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`map data: ${response.status}`);
  return response.json();
}

function prepare(data: Drawn): CityMap {
  const city = data.borders;
  const all = city.objects.neighbourhoods;
  const district = (shape: unknown) => (shape as Shape).properties.district;
  return {
    lines: data.lines ?? [],
    credit: data.credit ?? '',
    land: data.land,
    water: data.water,
    borders: mesh(city, all, (a, b) => a !== b && district(a) === district(b)),
    districts: mesh(city, all, (a, b) => a !== b && district(a) !== district(b)),
    neighbourhoods: all.geometries.map((shape) => shape.properties),
    byDistrict() {
      const codes = new Set(all.geometries.map((shape) => shape.properties.district));
      return new Map([...codes].map((code) => [code, merge(city, all.geometries.filter((shape) => shape.properties.district === code))]));
    },
    ofDistrict(code) {
      const many = (shape: Polygon | MultiPolygon): MultiPolygon => (shape.type === 'Polygon' ? { type: 'MultiPolygon', coordinates: [shape.coordinates] } : shape);
      const of = all.geometries.filter((shape) => shape.properties.district === code);
      return new Map(of.map((shape) => [shape.properties.code, many((feature(city, shape) as Feature<Polygon | MultiPolygon>).geometry)]));
    },
    outline(code) {
      const shape = all.geometries.find((candidate) => candidate.properties.code === code);
      // A single shape gives a single feature; the typings only know the general case.
      return shape ? (feature(city, shape) as Feature<Polygon | MultiPolygon>).geometry : null;
    },
  };
}
