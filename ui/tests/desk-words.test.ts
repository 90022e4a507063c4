import { beforeEach, describe, expect, it } from 'vitest';
import { settings } from '$ui/lib/settings.svelte';
import { bytesOf, isLetter, mainAction, missing, offered, TOGETHER } from '$ui/routing/actions';
import { Choice } from '$ui/routing/choice.svelte';
import { emptyDraft, keepDraft, readDraft } from '$ui/routing/draft';
import { due } from '$ui/routing/due';
import { below, findUnits, numbered, rankOf } from '$ui/routing/suggest';
import { isoDay, when } from '$ui/routing/when';
import { actionName, categoryName, offeredCategories } from '$ui/routing/words';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { DeskUnit } from '$ui/wire/DeskUnit';

const at = (iso: string) => Date.parse(iso);
const NOW = at('2026-11-24T10:40:00+03:00');
const row = (dueAt: string | null, more = {}) => ({ due: dueAt === null ? null : at(dueAt), spent: 0.5, paused: false, state: 'in_progress' as const, ...more });
const words = (...args: Parameters<typeof row>) => due(row(...args), NOW)?.text;

beforeEach(() => {
  settings.locale = 'tr';
  localStorage.clear();
});

describe('deadline words', () => {
  it('count hours today, days after that', () => {
    expect(words('2026-11-24T11:10:00+03:00')).toBe('şimdi doluyor');
    expect(words('2026-11-24T14:00:00+03:00')).toBe('3 sa kaldı');
    expect(words('2026-11-24T23:30:00+03:00')).toBe('bugün doluyor');
    expect(words('2026-11-25T00:30:00+03:00')).toBe('1 gün kaldı');
    expect(words('2026-11-27T09:00:00+03:00')).toBe('3 gün kaldı');
  });
  it('count a day by the calendar of Istanbul, not by UTC', () => {
    // 00.30 on the 25th in Istanbul is still the 24th in UTC.
    expect(due(row('2026-11-26T12:00:00+03:00'), at('2026-11-25T00:30:00+03:00'))?.text).toBe('1 gün kaldı');
  });
  it('say how late', () => {
    expect(words('2026-11-24T10:20:00+03:00')).toBe('az önce geçti');
    expect(words('2026-11-24T07:40:00+03:00')).toBe('3 sa geçti');
    expect(words('2026-11-22T12:00:00+03:00')).toBe('2 gün geçti');
    expect(due(row('2026-11-22T12:00:00+03:00'), NOW)).toMatchObject({ tone: 'late', part: 100 });
  });
  it('warn from 80 % on, stand still while paused, and are silent when nothing is owed', () => {
    expect(due(row('2026-11-27T09:00:00+03:00', { spent: 0.79 }), NOW)?.tone).toBe('');
    expect(due(row('2026-11-27T09:00:00+03:00', { spent: 0.8 }), NOW)?.tone).toBe('d80');
    expect(due(row('2026-11-22T12:00:00+03:00', { paused: true }), NOW)).toMatchObject({ tone: 'paused', text: 'süre durdu' });
    expect(words(null)).toBeUndefined();
    expect(words('2026-11-22T12:00:00+03:00', { state: 'concluded' })).toBeUndefined();
  });
  it('have a singular in English', () => {
    settings.locale = 'en';
    expect(words('2026-11-25T00:30:00+03:00')).toBe('1 day left');
    expect(words('2026-11-27T09:00:00+03:00')).toBe('3 days left');
  });
});

describe('dates', () => {
  it('are written as an office writes them', () => {
    expect(when(at('2026-11-24T08:12:00+03:00'), NOW)).toBe('bugün 08.12');
    expect(when(at('2026-11-23T14:05:00+03:00'), NOW)).toBe('dün 14.05');
    expect(when(at('2026-11-17T09:12:00+03:00'), NOW)).toBe('17.11 09.12');
    expect(when(at('2025-11-17T09:12:00+03:00'), NOW)).toBe('17.11.2025 09.12');
    expect(isoDay(0, at('2026-11-24T23:59:00Z'))).toBe('2026-11-25');
  });
});

const unit = (code: string, name: string, more: Partial<DeskUnit> = {}): DeskUnit => ({ code, name, kind: 'mudurluk', parent: null, external: false, ...more });
const units = [
  unit('ibb', 'İstanbul Büyükşehir Belediyesi', { kind: 'kurum' }),
  unit('db-zabita', 'Zabıta Daire Başkanlığı', { kind: 'daire' }),
  unit('md-z', 'Anadolu Yakası Zabıta Müdürlüğü', { parent: 'db-zabita' }),
  unit('md-mezar', 'Mezarlıklar Müdürlüğü'),
  unit('iski', 'İSKİ Genel Müdürlüğü', { kind: 'bagli-kurulus' }),
  unit('isik', 'Işık ve Enerji Müdürlüğü'),
  unit('ib-uskudar', 'Üsküdar Belediyesi', { kind: 'ilce-belediyesi', external: true }),
];
const codes = (query: string) => findUnits(units, query).map(({ code }) => code);

describe('finding a unit', () => {
  it('puts what begins so before what has it inside', () => {
    expect(codes('za')).toEqual(['db-zabita', 'md-z', 'md-mezar']);
  });
  it('folds Turkish letters: ISKI, iski and İSKİ are one', () => {
    for (const query of ['ISKI', 'iski', 'İSKİ', 'ıskı']) expect(codes(query)[0]).toBe('iski');
    expect(codes('usk')).toEqual(['ib-uskudar']);
    expect(codes('isik')).toEqual(['isik']);
  });
  it('takes words in any order, and never hands a case to the municipality as a whole', () => {
    expect(codes('zabita anadolu')).toEqual(['md-z']);
    expect(codes('istanbul')).toEqual([]);
    expect(rankOf('Zabıta', ' ')).toBeNull();
  });
  it('knows what lies below', () => {
    expect(below(units, 'db-zabita').map(({ code }) => code)).toEqual(['md-z']);
  });
});

const request = (more: Partial<DeskRequest> = {}): DeskRequest =>
  ({
    row: { id: 'r1' },
    n: 4,
    can: ['route', 'send_out', 'ask', 'conclude'],
    suggestions: [
      { unit: { code: 'md-z', name: 'Zabıta' }, external: false, why: 'rule' },
      { unit: { code: 'ib-uskudar', name: 'Üsküdar Belediyesi' }, external: true, why: 'alternative' },
    ],
    ...more,
  }) as DeskRequest;

describe('suggestions by key', () => {
  it('start with the first, and numbers choose another', () => {
    const choice = new Choice(request(), () => units);
    expect(choice.act()).toEqual({ n: 4, action: 'route', unit: 'md-z' });
    expect(choice.press('2')).toBe(true);
    expect(choice.act()).toEqual({ n: 4, action: 'send_out', unit: 'ib-uskudar' });
    expect(choice.press('3')).toBe(false);
    expect(choice.press('0')).toBe(false);
    expect([numbered('9', 9), numbered('9', 8), numbered('x', 9)]).toEqual([8, null, null]);
  });
  it('number what was searched for too', () => {
    const choice = new Choice(request(), () => units);
    choice.query = 'is';
    choice.move(1);
    choice.take(choice.found.find(({ code }) => code === 'iski'));
    expect(choice.act()).toEqual({ n: 4, action: 'route', unit: 'iski' });
    choice.press('1');
    expect(choice.act()?.unit).toBe('md-z');
    choice.press('3');
    expect(choice.act()?.unit).toBe('iski');
  });
  it('offer only what the server lets one do', () => {
    const choice = new Choice(request({ can: ['route'] }), () => units);
    expect(choice.options.map(({ code }) => code)).toEqual(['md-z']);
    choice.query = 'us';
    expect(choice.found).toEqual([]);
  });
});

describe('actions', () => {
  it('are offered from `can` alone, the main one first', () => {
    expect(offered({ can: ['return', 'forward', 'accept'] })).toEqual(['accept', 'forward', 'return']);
    expect(offered({ can: [] })).toEqual([]);
    expect(mainAction({ can: ['start', 'answer'] })).toBe('start');
    expect(mainAction({ can: ['route'] })).toBeNull();
  });
  it('say what is missing', () => {
    const draft = emptyDraft('answer');
    expect(missing(draft, '2026-11-24')).toEqual(['outcome', 'note']);
    expect(missing({ ...draft, outcome: 'done', note: 'ş'.repeat(2001) }, '2026-11-24')).toEqual(['note_long']);
    expect(bytesOf('ş')).toBe(2);
    expect(missing({ ...draft, outcome: 'done', note: 'Konu {kurum} yetkisindedir.' }, '2026-11-24')).toEqual(['note_blank']);
    expect(missing({ ...emptyDraft('plan'), date: '2026-11-23' }, '2026-11-24')).toEqual(['date_past']);
    const letter = { ...emptyDraft('answer'), outcome: 'done' as const, note: 'Onarıldı.' };
    expect(missing({ ...letter, date: '2026-11-23' }, '2026-11-24', true)).toEqual([]);
    expect(missing({ ...letter, date: '2026-11-25' }, '2026-11-24', true)).toEqual(['date_ahead']);
  });
  it('name a retired category with the one of today, and offer it no more', () => {
    const one = (code: string, name: string, successor: string | null = null, retired = successor !== null) => ({ code, name, name_en: name, photo: 'optional' as const, retired, successor });
    const all = [one('a', 'Çöp', 'b'), one('b', 'Çöp alınmıyor'), one('c', 'Telgraf', null, true)];
    expect(['a', 'b', 'c', 'd', ''].map((code) => categoryName(all, code))).toEqual(['Çöp (şimdi: Çöp alınmıyor)', 'Çöp alınmıyor', 'Telgraf (kaldırıldı)', 'Bilinmeyen konu', 'Konu seçilmemiş']);
    expect(offeredCategories(all).map(({ code }) => code)).toEqual(['b']);
  });
  it('about several requests at once are those of the unit for all its people, approvals for who approves', () => {
    for (const role of ['approver', 'head'] as const) expect(TOGETHER[role]).toEqual(['approve', ...(TOGETHER.unit ?? [])]);
    expect(TOGETHER.triage).not.toContain('accept');
    expect([TOGETHER.auditor, TOGETHER.operator]).toEqual([undefined, undefined]);
  });
  it('know an institution\'s answer from a unit\'s own', () => {
    const at = (state: 'external' | 'in_progress') => ({ row: { state } });
    expect([isLetter('answer', at('external')), isLetter('answer', at('in_progress')), isLetter('take_back', at('external'))]).toEqual([true, false, false]);
    expect([actionName('answer', 'external'), actionName('answer', 'in_progress')]).toEqual(['Kurumun cevabını kaydet', 'Cevap yaz']);
  });
});

describe('drafts', () => {
  it('survive a closed browser, one for each request and action', () => {
    keepDraft('r1', { ...emptyDraft('answer'), note: 'Sayın Muhtarımız' });
    expect(readDraft('r1', 'answer').note).toBe('Sayın Muhtarımız');
    expect(readDraft('r1', 'return').note).toBe('');
    expect(readDraft('r2', 'answer').note).toBe('');
    keepDraft('r1', emptyDraft('answer'));
    expect(localStorage.length).toBe(0);
  });
  it('are empty when the store holds nonsense', () => {
    localStorage.setItem('mbs.desk.draft..r1.answer', '{');
    expect(readDraft('r1', 'answer')).toEqual(emptyDraft('answer'));
  });
});
