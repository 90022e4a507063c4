// Figures for the pictures: shaped like a quarter of the real city, made from a fixed series.
import type { Period } from '$ui/report/period';
import { outcomes } from '$ui/routing/words';
import type { Around } from '$ui/wire/Around';
import type { Counts } from '$ui/wire/Counts';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { Earlier } from '$ui/wire/Earlier';
import type { Line } from '$ui/wire/Line';
import type { Refusals } from '$ui/wire/Refusals';
import type { Report } from '$ui/wire/Report';
import { allPlaces, directory } from './desk-fake-city';

const DAY = 86_400_000;
const NONE: Counts = { received: 0, open: 0, overdue: 0, cancelled: 0, concluded: 0, ripe: 0, answered: 0, confirmed: 0, objected: 0, returned: 0, channels: [0, 0, 0, 0], outcomes: [0, 0, 0, 0, 0, 0], median: null, p90: null };

/** A fixed series between 0 and 1. */
const part = (n: number) => ((n * 7919 + 104_729) % 997) / 997;

function counts(received: number, n: number): Counts {
  const open = Math.round(received * (0.12 + part(n) * 0.2));
  const overdue = Math.round(open * part(n + 3) * 0.2);
  const cancelled = Math.round(received * 0.02);
  const concluded = received - open - cancelled;
  const outcomes = [0.62, 0.09, 0.1, 0.12, 0.04].map((share) => Math.round(concluded * share));
  const median = Math.round((1.5 + part(n + 1) * 9) * 10) / 10;
  const [phone, petition, meeting] = [0.06, 0.03, 0.01].map((share) => Math.round(received * share)) as [number, number, number];
  return {
    channels: [received - phone - petition - meeting, phone, petition, meeting],
    received, open, overdue, cancelled, concluded, ripe: concluded + overdue, answered: concluded,
    confirmed: Math.round(concluded * (0.55 + part(n + 2) * 0.33)), objected: Math.round(concluded * 0.09), returned: Math.round(received * 0.06),
    outcomes: [...outcomes, concluded - outcomes.reduce((a, b) => a + b, 0)], median, p90: Math.round(median * 2.8 * 10) / 10,
  };
}

const lines = (all: Array<{ code: string; name: string }>, total: number): Line[] =>
  all
    .map(({ code, name }, i) => ({ code, name, counts: counts(Math.round((total / all.length) * (0.2 + part(i * 13) * 1.6)), i) }))
    .sort((a, b) => b.counts.received - a.counts.received);

export function fakeReport({ from, until }: Period, empty: boolean): Report {
  const districts = [...new Map(allPlaces.map(({ district_code, district }) => [district_code, { code: district_code, name: district }])).values()];
  const units = directory.units.filter(({ kind }) => kind === 'mudurluk' || kind === 'bagli-kurulus' || kind === 'dis-kurum').slice(0, 40);
  const begin = Date.parse(`${from}T00:00:00Z`);
  const weeks = Array.from({ length: Math.max(1, Math.ceil((Date.parse(`${until}T00:00:00Z`) - begin + DAY) / (7 * DAY))) }, (_, i) => ({
    from: new Date(begin + i * 7 * DAY).toISOString().slice(0, 10), received: empty ? 0 : Math.round(390 + part(i * 5) * 160 + i * 6), concluded: empty ? 0 : Math.round(370 + part(i * 11) * 130 + i * 5),
  }));
  const totals = empty ? NONE : counts(5_962, 5);
  return { from, until, at: Date.now(), received_before: empty ? 0 : 5_470, totals, units: empty ? [] : lines(units, 5_962), categories: empty ? [] : lines(directory.categories, 5_962), districts: empty ? [] : lines(districts, 5_962), neighbourhoods: empty ? [] : lines(allPlaces.map(({ code, name, district }) => ({ code, name: `${name}, ${district}` })), 5_962), weeks };
}

/** What was refused, with the words of an answer. */
export function fakeRefusals(requests: DeskRequest[], empty: boolean): Refusals {
  const reasons = ['Talep edilen yükseltilmiş yaya geçidi, ana arter üzerinde olduğundan ulaşım güvenliği mevzuatına uygun bulunmamıştır; yerine zemin işaretlemesi yenilenmiştir.', 'Ağaç sağlıklı olup budama dönemi dışındadır; kesilmesi uygun görülmemiştir.', 'Söz konusu alan özel mülkiyettedir; belediyemizce düzenleme yapılamamaktadır.'];
  const rows = empty ? [] : requests.slice(0, 14).map(({ row }, i) => ({ id: row.id, no: row.no, title: row.title, place: row.place, unit: row.unit?.name ?? '', at: row.received + (3 + i) * DAY, reason: reasons[i % reasons.length] ?? '' }));
  return { total: rows.length, rows };
}

/** The other requests of the same neighbourhood, in a ring around the place. */
export function fakeAround(requests: DeskRequest[], { row, fix }: DeskRequest): Around {
  const others = requests.filter((other) => other.row.id !== row.id && other.row.place === row.place).map((other) => other.row);
  const earlier = (rows: typeof others): Earlier => ({
    total: rows.length, open: rows.filter(({ state }) => !['concluded', 'closed', 'cancelled'].includes(state)).length,
    outcomes: outcomes.map((outcome) => rows.filter((one) => one.outcome === outcome).length), rows: rows.slice(0, 3),
  });
  const dots = fix ? others.map((other, i) => ({ row: other, lat: fix.lat + Math.sin(i * 2) * (0.0006 + i * 0.0003), lon: fix.lon + Math.cos(i * 2) * (0.0008 + i * 0.0004), metres: 60 + i * 40 })) : [];
  return { dots, place: fix ? earlier(others.slice(0, 1)) : null, muhtarlik: earlier(others) };
}
