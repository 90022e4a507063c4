// Beginnings of a new request.
import { describe, expect, it, vi } from 'vitest';
import { close, door, open, reopen, said, settled, tap, text, write } from './screen';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

const words = () => document.querySelector('textarea')!;
const offered = () => [...document.querySelectorAll('.chips button.chip')].map((chip) => chip.textContent);
const draft = () => location.hash.replace('#/draft/', '');

describe('a template', () => {
  it('fills in category, kind and words, and is in nobody’s way once something is written', async () => {
    await open('fake', '#/');
    await tap('Yeni başvuru');
    await tap('Mazgallar yaprakla dolmuş');
    expect(words().value).toBe('Mazgallar yaprakla dolmuş.');
    expect(text()).not.toContain('Sık bildirdikleriniz');
    await tap('Gönder');
    const { row, desc, kind } = await door.call({ call: 'request', id: location.hash.split('/')[2]! });
    expect([row.category, desc, kind]).toEqual(['yol.izgara-mazgal', 'Mazgallar yaprakla dolmuş.', 'complaint']);
  });

  it('is not offered where words stand already', async () => {
    await open('fake', '#/draft/r58');
    expect(text()).not.toContain('Sık bildirdikleriniz');
    await close();
    await reopen('#/');
    await tap('Yeni başvuru');
    await write(words(), 'Ç');
    expect(text()).not.toContain('Sık bildirdikleriniz');
  });

  it('that was learned has a name without words too, and is not offered again once it is removed', async () => {
    await open('fake', '#/');
    await tap('Yeni başvuru');
    await tap('Düzenle');
    const remove = [...document.querySelectorAll('dialog button')].find((one) => one.getAttribute('aria-label')?.startsWith('Kaldır: Mazgallar'));
    (remove as HTMLElement).click();
    await settled();
    await tap('Geri al');
    expect(said('restore_template')).toEqual([{ call: 'restore_template', key: 'yol.izgara-mazgal' }]);
    door.calls.length = 0;
    ([...document.querySelectorAll('dialog button')].find((one) => one.getAttribute('aria-label')?.startsWith('Kaldır: Mazgallar')) as HTMLElement).click();
    await settled();
    await tap('Kapat');
    expect(said('remove_template')).toEqual([{ call: 'remove_template', key: 'yol.izgara-mazgal' }]);
    expect(offered()).toEqual(['Sokak lambası yanmıyor']);
    const before = draft();
    await tap('Sokak lambası yanmıyor');
    expect(words().value).toBe('');
    await tap('Gönder');
    expect(text()).toContain('Gönderilecek bir şey yok');
    expect((await door.call({ call: 'request', id: before })).row.category).toBe('aydinlatma.sokak-lambasi');
  });

  it('is made of a request, and taken back', async () => {
    await open('fake', '#/request/r49');
    await tap('Şablon yap');
    expect(text()).toContain('Şablon yapıldı');
    await tap('Geri al');
    expect(said('remove_template')).toEqual([{ call: 'remove_template', key: 'r49' }]);
  });
});
