import { beforeEach, describe, expect, it } from 'vitest';
import { settings } from '$ui/lib/settings.svelte';
import { filled, placeholders, unfilled } from '$ui/routing/placeholders';
import type { DeskCategory } from '$ui/wire/DeskCategory';
import type { DeskRequest } from '$ui/wire/DeskRequest';

beforeEach(() => void (settings.locale = 'tr'));

const NOW = Date.parse('2026-11-24T23:40:00+03:00');
const categories = [{ code: 'yol.cukur', name: 'Yolda çukur', name_en: 'Pothole', retired: false }] as DeskCategory[];
const request = (row: Partial<DeskRequest['row']> = {}) =>
  ({ row: { no: '2026-048291', place: 'Burhaniye, Üsküdar', category: 'yol.cukur', unit: { code: 'md-yol', name: 'Yol Bakım' }, ...row } }) as DeskRequest;
const words = (body: string, row = {}) => filled(body, request(row), categories, NOW);

describe('words that were kept', () => {
  it('are filled in with what the request says, as often as it is asked for', () => {
    expect(words('Sayın Muhtarımız, {yer} için {no} ({konu}) {birim} tarafından {tarih} günü yapıldı. {no}')).toBe(
      'Sayın Muhtarımız, Burhaniye, Üsküdar için 2026-048291 (Yolda çukur) Yol Bakım tarafından 24.11.2026 günü yapıldı. 2026-048291',
    );
    expect(unfilled(words(placeholders.map((name) => `{${name}}`).join(' ')))).toBe(null);
  });

  it('keep the places that the request cannot fill in, to be seen and to be stopped by', () => {
    const left = words('{konu} {birim} {kurum} {toString}', { category: '', unit: null });
    expect(left).toBe('{konu} {birim} {kurum} {toString}');
    expect(unfilled(left)).toBe('{konu}');
  });

  it('take what the request says as words, whatever stands in it', () => {
    expect(words('{yer}: {no}', { place: '$& {no} $1' })).toBe('$& {no} $1: 2026-048291');
  });
});
