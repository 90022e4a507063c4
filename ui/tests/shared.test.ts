// Photos that another app handed over.
import { describe, expect, it, vi } from 'vitest';
import { open, said, settled, tap, text } from './screen';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

const photos = () => document.querySelectorAll('.photo-open').length;

describe('photos from another app', () => {
  it('are a new draft when the app comes to the front', async () => {
    await open('fake&handed', '#/outbox');
    await settled();
    expect(location.hash).toMatch(/^#\/draft\//);
    expect(photos()).toBe(2);
    document.dispatchEvent(new Event('visibilitychange'));
    await settled();
    expect(said('take_shared')).toHaveLength(2);
    expect(photos()).toBe(2);
  });

  it('are said not to be photos, once', async () => {
    await open('fake=photo_unreadable&handed', '#/');
    expect(text()).toContain('Paylaşılan fotoğraf alınamadı');
    await tap('Kapat');
    expect(text()).not.toContain('Paylaşılan fotoğraf alınamadı');
  });

  it('wait behind the lock', async () => {
    await open('fake=locked&handed', '#/');
    expect(location.hash).toBe('#/');
    for (const digit of '2580') await tap(digit);
    await tap('Aç');
    await settled();
    expect(location.hash).toMatch(/^#\/draft\//);
  });
});
