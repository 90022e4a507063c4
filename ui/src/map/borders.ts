// The offline map's data: loaded once, when the first map is shown.
import type { Feature, MultiLineString, MultiPolygon, Polygon } from 'geojson';
import { feature, merge, mesh } from 'topojson-client';
import type { MultiPolygon as TopoMultiPolygon, Polygon as TopoPolygon, Topology } from 'topojson-specification';
import address from './data/istanbul.json?url';

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

export interface CityMap {
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

let loading: Promise<CityMap> | undefined;

export function cityMap(): Promise<CityMap> {
  loading ??= load().catch((cause: unknown) => {
    loading = undefined; // a failed load may be tried again
    throw cause;
  });
  return loading;
}

async function load(): Promise<CityMap> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`map data: ${response.status}`);
  const data = (await response.json()) as { borders: City; land: MultiPolygon; water: MultiPolygon };
  const city = data.borders;
  const all = city.objects.neighbourhoods;
  const district = (shape: unknown) => (shape as Shape).properties.district;
  return {
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
