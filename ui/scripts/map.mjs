// Derives the tablet's offline map from shared/data: neighbourhood borders as topology (one line drawn
// once, neighbours known), land and water beside it, and a label point that surely lies inside.
// Runs before each build; writes only when the sources are newer than what is there.
//
// `node scripts/map.mjs FILE [LINES.geojson…]` writes a map pack for `mbs-server map add`: the same, and roads and rails of
// OpenStreetMap extracts (lines with their `highway` or `railway` tag), where given.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { feature } from 'topojson-client';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sources = {
  topo: here('../../shared/data/geo/istanbul.topo.json'),
  land: here('../../shared/data/basemap/land.geojson'),
  water: here('../../shared/data/basemap/water.geojson'),
};
const target = here('../src/map/data/istanbul.json');

export function ensureMap() {
  const newest = Math.max(...Object.values(sources).map(modified), modified(fileURLToPath(import.meta.url)));
  if (modified(target) >= newest) return;
  mkdirSync(here('../src/map/data'), { recursive: true });
  writeFileSync(target, JSON.stringify(drawn()));
}

function drawn() {
  const topo = read(sources.topo);
  const neighbourhoods = topo.objects.neighbourhoods;
  for (const geometry of neighbourhoods.geometries) {
    const { code, name, district_code } = geometry.properties;
    const [x, y] = inside(feature(topo, geometry).geometry);
    geometry.properties = { code, name, district: district_code, label: [round(x), round(y)] };
  }
  const borders = { ...topo, objects: { neighbourhoods } };
  return { borders, land: shape(read(sources.land)), water: shape(read(sources.water)) };
}

/** What is drawn from which zoom on: more would be a grey area, and slow. */
const KINDS = { main: 10, rail: 11, street: 14 };
const MAIN = /^(motorway|trunk|primary|secondary)(_link)?$/;

function pack(files) {
  const paths = { main: [], rail: [], street: [] };
  for (const { geometry, properties } of files.flatMap((file) => read(file).features)) {
    const kind = properties?.railway ? 'rail' : MAIN.test(properties?.highway ?? '') ? 'main' : properties?.highway ? 'street' : null;
    if (!kind || !geometry?.type.endsWith('LineString')) continue;
    const lines = geometry.type === 'LineString' ? [geometry.coordinates] : geometry.coordinates;
    paths[kind].push(...lines.map((line) => line.map(([x, y]) => [round(x), round(y)])));
  }
  const lines = Object.entries(KINDS)
    .filter(([kind]) => paths[kind].length)
    .map(([kind, from]) => ({ kind, from, shape: { type: 'MultiLineString', coordinates: paths[kind] } }));
  return { format: 1, ...drawn(), lines };
}

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const round = (degrees) => Math.round(degrees * 1e5) / 1e5;

function modified(path) {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** One MultiPolygon of all areas of a collection. */
function shape(collection) {
  const coordinates = collection.features.flatMap(({ geometry }) =>
    geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates,
  );
  return { type: 'MultiPolygon', coordinates };
}

/** Middle of the widest stretch of the largest part, on the latitude of its middle: always inside. */
function inside(geometry) {
  const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  const rings = parts.reduce((best, part) => (area(part[0]) > area(best[0]) ? part : best));
  const ys = rings[0].map(([, y]) => y);
  const y = (Math.min(...ys) + Math.max(...ys)) / 2;
  const crossings = rings
    .flatMap((ring) =>
      ring.slice(1).flatMap(([x2, y2], i) => {
        const [x1, y1] = ring[i];
        return y1 > y !== y2 > y ? [x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)] : [];
      }),
    )
    .sort((a, b) => a - b);
  let best = [crossings[0], crossings[1]];
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    if (crossings[i + 1] - crossings[i] > best[1] - best[0]) best = [crossings[i], crossings[i + 1]];
  }
  return [(best[0] + best[1]) / 2, y];
}

function area(ring) {
  return Math.abs(ring.slice(1).reduce((sum, [x, y], i) => sum + (ring[i][0] * y - x * ring[i][1]), 0));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...lines] = process.argv.slice(2);
  if (file) writeFileSync(file, JSON.stringify(pack(lines)));
  else ensureMap();
}
