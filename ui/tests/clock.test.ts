// How long is left until the municipality owes an answer, and why its clock stands still.
import { afterEach, describe, expect, it } from 'vitest';
import { build, seeds, type Seed } from '$ui/backend/fake/samples';
import { settings } from '$ui/lib/settings.svelte';
import { clockWords } from '$ui/request/clock';
import type { Entry } from '$ui/wire/Entry';
import type { Request } from '$ui/wire/Request';

const MORNING = Date.parse('2026-11-24T10:40:00+03:00');
const DUE = Date.parse('2026-11-27T18:00:00+03:00');
const sample = (n: number): Request => build(seeds.find((seed) => seed.n === n) as Seed, MORNING);
const open = (): Request => ({ ...sample(56), due: DUE });
const said = (change: Partial<Entry>): Entry => ({ kind: 'answer', text: '14 numara.', mine: true, author: null, at: MORNING, transport: 'queued', refused: null, photos: [], ...change });

afterEach(() => void (settings.locale = 'tr'));

describe('the clock of a request', () => {
  it('counts the days of the calendar, and names the last one', () => {
    expect(clockWords(open(), MORNING)).toBe('3 gün kaldı (son gün 27 Kasım)');
    expect(clockWords(open(), Date.parse('2026-11-27T08:00:00+03:00'))).toBe('bugün son gün');
    expect(clockWords(open(), Date.parse('2026-11-27T18:00:01+03:00'))).toContain('27 Kasım');
    settings.locale = 'en';
    expect(clockWords(open(), Date.parse('2026-11-26T08:00:00+03:00'))).toBe('1 day left (until 27 November)');
  });

  it('says that it stands because of a question, and then that the answer is on its way', () => {
    const asked = sample(55);
    expect(clockWords(asked, MORNING)).toBe('süre durdu: size soru soruldu');
    expect(clockWords({ ...asked, thread: [said({})] }, MORNING)).toBe('süre durdu: yanıtınız gönderilecek');
    // What answered an earlier question, or was refused, answers nothing.
    for (const transport of ['delivered', 'quarantined'] as const) {
      expect(clockWords({ ...asked, thread: [said({ transport })] }, MORNING)).toBe('süre durdu: size soru soruldu');
    }
    expect(clockWords({ ...asked, thread: [said({ kind: 'message' })] }, MORNING)).toBe('süre durdu: size soru soruldu');
  });

  it('has stopped where nothing is owed any more', () => {
    expect(clockWords({ ...sample(48), due: DUE }, MORNING)).toBeNull();
    expect(clockWords({ ...open(), due: null }, MORNING)).toBeNull();
  });
});
