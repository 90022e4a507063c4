// What was refused has ways out.
import { describe, expect, it, vi } from 'vitest';
import { door, open, said, settled, tap, text, write } from './screen';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

const words = () => document.querySelector('textarea')!;

describe('what was refused', () => {
  it('is opened with its words, mended and sent again', async () => {
    await open('fake', '#/outbox');
    expect(text()).toContain('Park bakımsız');
    expect(text()).toContain('Sunucu bu kaydı çok büyük buldu');
    await tap('Düzelt, yeniden gönder');
    expect(location.hash).toBe('#/draft/r51');
    expect(words().value).toContain('Park bakımsız');
    await write(words(), 'Park bakımsız, çitler kırılmış.');
    await tap('Gönder');
    expect(said('send')).toEqual([{ call: 'send', id: 'r51' }]);
    const { desc, quarantine } = await door.call({ call: 'request', id: 'r51' });
    expect([desc, quarantine]).toEqual(['Park bakımsız, çitler kırılmış.', null]);
  });

  it('is sent as a new request, and stays to be read', async () => {
    await open('fake', '#/request/r51');
    await tap('Yeni başvuru olarak gönder');
    const draft = location.hash.replace('#/draft/', '');
    expect(words().value).toContain('Park bakımsız');
    expect(document.querySelectorAll('.photo-open')).toHaveLength(1);
    await tap('Gönder');
    expect(said('send')).toEqual([{ call: 'send', id: draft }]);
    location.hash = '#/request/r51';
    window.dispatchEvent(new HashChangeEvent('hashchange'));
    await settled();
    expect(text()).toContain('Bunun yerine yeni başvuru gönderildi');
    expect(text()).toContain('Park bakımsız');
    expect(text()).not.toContain('Yeni başvuru olarak gönder');
    expect((await door.call({ call: 'status' })).quarantined).toBe(0);
  });

  it('is written into a folder, alone', async () => {
    await open('fake', '#/outbox');
    await tap('Kopyasını çıkar');
    expect(said('write_unsent')).toEqual([{ call: 'write_unsent', only: 'r51' }]);
    expect(text()).toContain('mbs-kurye-2026-11-24-104000');
  });
});
