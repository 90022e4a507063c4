// Things that were there and could not be reached: photos of messages, pictures, categories by another name, notices.
import { describe, expect, it, vi } from 'vitest';
import { door, open, said, settled, tap, text, write } from './screen';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

const inputs = () => [...document.querySelectorAll<HTMLInputElement>('input[type=file]')];

describe('photos of a message', () => {
  it('open as the others of the page, also one that was taken out of the request since', async () => {
    await open('fake', '#/');
    const [kept, gone] = (await door.call({ call: 'request', id: 'r49' })).photos;
    const photos = [kept?.hash ?? '', gone?.hash ?? ''];
    await door.call({ call: 'say', id: 'r49', kind: 'message', text: '', photos });
    await door.call({ call: 'remove_photo', id: 'r49', hash: photos[1] ?? '' });
    location.hash = '#/request/r49';
    await settled();
    const shown = document.querySelectorAll<HTMLElement>('.msg-photos .photo-open');
    expect(shown).toHaveLength(2);
    for (const [i, button] of shown.entries()) {
      button.click();
      await settled();
      expect(document.querySelector<HTMLImageElement>('img.photo-whole')?.src).toBe(new URL(door.photoUrl(photos[i] ?? '', false), location.href).href);
      document.querySelector('dialog')?.dispatchEvent(new Event('close'));
      await settled();
    }
  });
});

describe('a camera that is closed again', () => {
  it('leaves nothing that is expected', async () => {
    await open('fake', '#/draft/r58');
    const camera = inputs().find((input) => input.hasAttribute('capture'));
    camera?.addEventListener('click', (event) => event.preventDefault());
    camera?.click();
    camera?.dispatchEvent(new Event('cancel', { bubbles: true }));
    await settled();
    expect(said('expect_photo')).toEqual([{ call: 'expect_photo', id: 'r58' }, { call: 'expect_photo', id: null }]);
  });
});

describe('files', () => {
  it('a code is read from the camera or from a picture that is here', async () => {
    await open('fake=start', '#/');
    expect(inputs().map((input) => [input.accept, input.hasAttribute('capture')])).toEqual([['image/*', true], ['image/*', false]]);
  });

  it('a neighbour’s courier file is chosen among all: Android’s web view ends over a type it does not know', async () => {
    await open('fake', '#/outbox');
    expect(inputs().map((input) => input.accept)).toEqual(['']);
  });
});

describe('the search for a category', () => {
  const found = () => [...document.querySelectorAll('.sheet-body b')].map((name) => name.textContent);

  it('knows what the core knows a thing by, behind what is called so', async () => {
    await open('fake', '#/draft/r58');
    const ask = door.call.bind(door);
    const knows = async (call: Parameters<typeof ask>[0]) => {
      if (call.call !== 'suggest_category') return ask(call);
      return call.text.startsWith('tretuvar') ? [{ code: 'yol.kaldirim-bozuk', because: ['tretuvar'] }] : [{ code: 'yol.cukur', because: [] }, { code: 'yol.kaldirim-bozuk', because: [] }];
    };
    door.call = knows as typeof door.call;
    await tap('Başka konu seç');
    const field = document.querySelector('dialog input') as HTMLInputElement;
    await write(field, 'tretuvar');
    expect(found()).toEqual(['Kaldırım bozuk / kırık taş']);
    await write(field, 'kırık taş');
    expect(found()).toEqual(['Kaldırım bozuk / kırık taş', 'Yolda çukur / asfalt bozulması']);
    await write(field, ' ');
    expect(found().length).toBeGreaterThan(5);
  });
});

describe('a damaged database that was set aside', () => {
  it('is told until it was read', async () => {
    await open('fake=trouble', '#/');
    expect(text()).toContain('Kayıt dosyası zarar görmüştü');
    await tap('Okudum');
    expect(said('read_notices')).toHaveLength(1);
    expect(text()).not.toContain('Kayıt dosyası zarar görmüştü');
    expect(text()).toContain('ileri'); // the clock is wrong still
  });
});
