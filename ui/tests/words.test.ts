// Words, dates and folding: what a person reads.
import { afterEach, describe, expect, it } from 'vitest';
import turkish from '../../shared/data/text/turkish_cases.json';
import { fold, matches } from '$ui/lib/fold';
import { ago, bytes, day, daysLeft, moment, percent } from '$ui/lib/format';
import { parse, withAsked } from '$ui/lib/route.svelte';
import { settings } from '$ui/lib/settings.svelte';
import { better, metres } from '$ui/map/position.svelte';
import { marked } from '$ui/request/diff';
import { missing } from '$ui/request/missing';
import { quarantineWords } from '$ui/request/troubles';
import { stateWord, stepWord } from '$ui/request/words';
import type { Category } from '$ui/wire/Category';
import type { Fix } from '$ui/wire/Fix';

const NOW = Date.parse('2026-11-24T10:40:00+03:00');
afterEach(() => void (settings.locale = 'tr'));

describe('dates and sizes', () => {
  it('are Istanbul’s, in the language of the moment', () => {
    expect(moment(Date.parse('2026-11-24T00:05:00+03:00'), NOW)).toBe('bugün 00.05');
    expect(moment(Date.parse('2026-11-23T23:55:00+03:00'), NOW)).toBe('dün 23.55');
    expect(moment(Date.parse('2026-11-12T14:02:00+03:00'), NOW)).toBe('12 Kasım 14.02');
    expect(moment(Date.parse('2025-11-12T14:02:00+03:00'), NOW)).toBe('12 Kasım 2025 14.02');
    expect(ago(NOW - 3 * 60_000, NOW)).toBe('3 dakika önce');
    settings.locale = 'en';
    expect(moment(Date.parse('2026-11-12T14:02:00+03:00'), NOW)).toBe('12 November 14:02');
  });

  it('the year turns when it does in Istanbul', () => {
    const party = Date.parse('2027-01-01T00:30:00+03:00');
    expect(day(Date.parse('2027-01-04T10:00:00+03:00'), party)).toBe('4 Ocak');
    expect(day(Date.parse('2026-12-31T23:30:00+03:00'), party)).toBe('31 Aralık 2026');
    expect(day(party, Date.parse('2026-12-31T23:30:00+03:00'))).toBe('1 Ocak 2027');
  });

  it('days that are left are the calendar’s', () => {
    const due = Date.parse('2026-11-27T18:00:00+03:00');
    expect(daysLeft(due, NOW)).toBe(3);
    expect(daysLeft(due, Date.parse('2026-11-26T23:59:00+03:00'))).toBe(1);
    expect(daysLeft(due, Date.parse('2026-11-27T00:01:00+03:00'))).toBe(0);
    expect(daysLeft(due, Date.parse('2026-11-29T09:00:00+03:00'))).toBe(0);
  });

  it('sizes and shares', () => {
    expect([bytes(310), bytes(412_000), bytes(2_345_000)]).toEqual(['1 KB', '412 KB', '2,3 MB']);
    expect([percent(1, 3), percent(0, 0)]).toEqual([33, 0]);
  });
});

describe('states and steps', () => {
  it('say the outcome and the date with the state', () => {
    expect(stateWord('concluded', 'refused', null)).toBe('Sonuçlandı: olumsuz');
    expect(stateWord('planned', null, '2026-12-02')).toMatch(/^Programa alındı: 2 Aralık/);
  });

  it('show an event of a newer server by its state, and never a code', () => {
    const step = { at: 0, what: 'teleported', state: 'in_progress' as const, unit: null, note: null, date: null, outcome: null, other: null, channel: null };
    expect(stepWord(step)).toBe('İşlemde');
    expect(stepWord({ ...step, state: null })).toBe('Yeni gelişme');
    expect(stepWord({ ...step, what: 'received', channel: 'phone' })).toBe('Telefonla alındı');
    expect(quarantineWords('some_new_code')).toMatch(/tablette duruyor/);
  });
});

describe('folding', () => {
  it('follows the Turkish cases of the data', () => {
    expect(fold('IŞIK İĞNE ığdır Çöp Ünlü kâğıt')).toBe('isik igne igdir cop unlu kagit');
    expect(Object.keys(turkish).length).toBeGreaterThan(0);
    expect(matches('Sokak lambası yanmıyor', 'LAMBA sok')).toBe(true);
    expect(matches('Sokak lambası yanmıyor', 'çukur')).toBe(false);
  });
});

describe('two versions', () => {
  it('mark what differs and give the text back', () => {
    const a = 'Zincir kopuk. Dün bir çocuk düştü. Zemin kalkmış.';
    const b = 'Zincir kopuk. İple bağladık. Zemin kalkmış.';
    const pieces = marked(a, b);
    expect(pieces.map(({ text }) => text).join('')).toBe(a);
    expect(pieces.filter(({ differs }) => differs).map(({ text }) => text)).toEqual(['Dün bir çocuk düştü.']);
    expect(marked(a, a)).toEqual([{ text: a, differs: false }]);
  });
});

describe('place', () => {
  const fix = (accuracy: number): Fix => ({ lat: 41, lon: 29, accuracy, source: 'gps' });

  it('keeps the best fix until it is stale', () => {
    expect(better(null, { fix: fix(900), at: 0 })).toBe(true);
    expect(better({ fix: fix(12), at: 0 }, { fix: fix(40), at: 1000 })).toBe(false);
    expect(better({ fix: fix(40), at: 0 }, { fix: fix(12), at: 1000 })).toBe(true);
    expect(better({ fix: fix(12), at: 0 }, { fix: fix(40), at: 10 * 60_000 })).toBe(true);
  });

  it('measures within a city', () => {
    expect(metres({ lat: 41, lon: 29 }, { lat: 41.001, lon: 29 })).toBeCloseTo(111.3, 0);
  });

  it('warns of what a category wants, and never for views and suggestions', () => {
    const category = { photo: 'required', location: 'required' } as Category;
    expect(missing('complaint', category, 0, null)).toHaveLength(2);
    expect(missing('complaint', category, 1, fix(5))).toHaveLength(0);
    expect(missing('opinion', category, 0, null)).toHaveLength(0);
    expect(missing('complaint', undefined, 0, null)).toHaveLength(0);
  });
});

describe('route', () => {
  it('reads the fragment', () => {
    expect(parse('')).toEqual({ name: 'home', id: '', sub: '', asked: {} });
    expect(parse('#/request/r49/versions')).toMatchObject({ name: 'request', id: 'r49', sub: 'versions' });
    const list = withAsked('#/inbox/planned/r49', { q: 'kaldırım & taş', state: '' });
    expect(parse(list)).toEqual({ name: 'inbox', id: 'planned', sub: 'r49', asked: { q: 'kaldırım & taş' } });
    expect(withAsked('#/all', { q: '' })).toBe('#/all');
  });
});
