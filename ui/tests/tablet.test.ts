// A few journeys through the real screens over the fake back end.
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeTablet, type Fake } from '$ui/backend/fake/tablet';
import { CallFailed } from '$ui/backend/tablet';
import { settings } from '$ui/lib/settings.svelte';
import { undo } from '$ui/lib/undo.svelte';
import { askConfirmation } from '$ui/screens/tablet/start.svelte';
import Tablet from '$ui/screens/tablet/Tablet.svelte';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

let door: Fake;
let app: Record<string, unknown> | undefined;

async function open(options: string, hash: string) {
  location.hash = hash;
  door = fakeTablet(new URLSearchParams(options));
  app = mount(Tablet, { target: document.body, props: { door } });
  await settled();
}

async function settled() {
  for (let i = 0; i < 8; i++) {
    await new Promise((done) => setTimeout(done, 5));
    flushSync();
  }
}

const text = () => document.body.textContent ?? '';
const button = (name: string) => {
  const found = [...document.querySelectorAll('button')].find((candidate) => candidate.textContent?.trim() === name);
  if (!found) throw new Error(`no button ${name}`);
  return found;
};
const said = (call: string) => door.calls.filter((made) => made.call === call);

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= function () {};
  HTMLDialogElement.prototype.close ??= function () {};
});
afterEach(async () => {
  undo.takeBack();
  if (app) await unmount(app);
  app = undefined;
  document.body.replaceChildren();
  localStorage.clear();
  settings.locale = 'tr';
});

describe('home', () => {
  it('shows what needs me and both axes of state, and changes language without a reload', async () => {
    await open('fake', '#/');
    expect(text()).toContain('Sizden beklenen 5 iş');
    expect(text()).toContain('Kuyrukta');
    expect(text()).toContain('Programa alındı');
    settings.locale = 'en';
    await settled();
    expect(text()).toContain('5 waiting for you');
    expect(document.documentElement.lang).toBe('en');
  });
});

describe('a new request', () => {
  it('is kept as typed, sent without category, photo or place, and shows its number', async () => {
    await open('fake', '#/');
    button('Yeni başvuru').click();
    await settled();
    const words = document.querySelector('textarea') as HTMLTextAreaElement;
    words.value = 'Kaldırım taşları kalkmış.';
    words.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => setTimeout(done, 200));
    expect(said('set_draft')).toHaveLength(1);
    button('Gönder').click();
    await settled();
    expect(said('send')).toHaveLength(1);
    expect(text()).toMatch(/Kaydedildi: 4KR7-/);
  });

  it('keeps the last words of a page that is left at once, and the list has them', async () => {
    await open('fake', '#/');
    button('Yeni başvuru').click();
    await settled();
    const id = location.hash.split('/').at(-1);
    const words = document.querySelector('textarea') as HTMLTextAreaElement;
    words.value = 'Rögar kapağı oynuyor.';
    words.dispatchEvent(new Event('input', { bubbles: true }));
    location.hash = '#/';
    await settled();
    expect(said('set_draft')).toEqual([{ call: 'set_draft', id, set: { desc: 'Rögar kapağı oynuyor.' } }]);
    [...document.querySelectorAll('button')].find((one) => one.textContent?.includes('Taslak'))?.click();
    await settled();
    expect(text()).toContain('Rögar kapağı oynuyor');
  });

  it('says what is missing when there is nothing at all, and keeps the form open', async () => {
    await open('fake', '#/');
    button('Yeni başvuru').click();
    await settled();
    button('Gönder').click();
    await settled();
    expect(document.querySelector('[role=alert]')?.textContent).toContain('Gönderilecek bir şey yok');
    location.hash = '#/';
    await settled();
    expect(said('discard_draft')).toHaveLength(1); // untouched: leaves no trace
  });
});

describe('a fresh start', () => {
  /** Ends the app without a word, and opens it as its icon does. */
  async function again(later = 0) {
    if (app) await unmount(app);
    document.body.replaceChildren();
    history.replaceState(null, '', location.pathname);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + later);
    app = mount(Tablet, { target: document.body, props: { door } });
    await settled();
    vi.restoreAllMocks();
  }

  it('opens the form one was in, with its words', async () => {
    await open('fake', '#/draft/r58');
    await again();
    expect(location.hash).toBe('#/draft/r58');
    expect(document.querySelector('textarea')?.value).toContain('yapraklar');
  });

  it('opens the first page after an hour, and where the draft is gone or nothing was open', async () => {
    await open('fake', '#/request/r49');
    await again(3_600_001);
    expect(text()).toContain('Başvurularım');
    location.hash = '#/draft/r58';
    await settled();
    await door.call({ call: 'discard_draft', id: 'r58' });
    await again();
    expect(text()).toContain('Başvurularım');
    expect(document.querySelector('[role=alert]')).toBeNull();
    await again();
    expect(location.hash).toBe('');
  });
});

describe('the first photo', () => {
  it('comes with a word about people in it, and no later one does', async () => {
    URL.createObjectURL = () => 'blob:x';
    URL.revokeObjectURL = () => {};
    await open('fake', '#/draft/r58');
    expect(text()).toContain('6698 sayılı Kanun');
    const camera = document.querySelector('input[type=file][capture]') as HTMLInputElement;
    Object.defineProperty(camera, 'files', { value: [new File(['x'], 'a.jpg', { type: 'image/jpeg' })] });
    camera.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    location.hash = '#/';
    await settled();
    location.hash = '#/draft/r58';
    await settled();
    expect(text()).not.toContain('6698 sayılı Kanun');
  });
});

describe('what neighbours reported', () => {
  it('can be added to, which is said on the form and on the request, and taken back', async () => {
    await open('fake', '#/draft/r58');
    await door.call({ call: 'set_draft', id: 'r58', set: { category: 'yol.izgara-mazgal', fix: { lat: 40.9975, lon: 29.0263, accuracy: 9, source: 'map' } } });
    location.hash = '#/';
    await settled();
    location.hash = '#/draft/r58';
    await settled();
    const add = () => document.querySelector('.similar button[aria-label^="Buna ekle: Osmanağa"]') as HTMLButtonElement | null;
    add()?.click();
    await settled();
    expect(text()).toContain('Osmanağa muhtarlığının başvurusuna eklenecek');
    expect(add()).toBeNull(); // one is enough
    button('Vazgeç').click();
    await settled();
    expect(text()).not.toContain('eklenecek');
    add()?.click();
    await settled();
    button('Gönder').click();
    await settled();
    expect(said('relate').map((call) => call.call === 'relate' && call.to)).toEqual(['n1', null, 'n1']);
    expect(text()).toContain('Eklendiği başvuruOsmanağa muhtarlığının başvurusu');
  });
});

describe('a discreet request', () => {
  it('is one by itself with a sensitive category, and not where that was taken back', async () => {
    await open('fake', '#/draft/r58');
    const tick = () => [...document.querySelectorAll<HTMLInputElement>('.choice input[type=checkbox]')].find((one) => one.closest('label')?.textContent?.includes('Gizlilikle')) as HTMLInputElement;
    expect(tick().checked).toBe(false);
    button('Başka konu seç').click();
    await settled();
    const search = document.querySelector('.sheet input[type=search]') as HTMLInputElement;
    search.value = 'asayis';
    search.dispatchEvent(new Event('input', { bubbles: true }));
    await settled();
    (document.querySelector('.sheet .list button') as HTMLButtonElement).click();
    await settled();
    expect(tick().checked).toBe(true);
    expect(text()).toContain('kendiliğinden işaretlendi');
    await new Promise((done) => setTimeout(done, 200));
    expect(said('set_draft').at(-1)).toEqual({ call: 'set_draft', id: 'r58', set: { category: 'guvenlik.asayis', discreet: true } });
    tick().click();
    await settled();
    await new Promise((done) => setTimeout(done, 200));
    expect((await door.call({ call: 'request', id: 'r58' })).discreet).toBe(false);
  });

  it('shows nothing of itself in lists until it is opened', async () => {
    await open('fake', '#/');
    expect(text()).toContain('Gizli başvuru');
    expect(text()).not.toContain('uyuşturucu');
    expect(text()).not.toContain('Lale Parkı');
    location.hash = '#/request/r45';
    await settled();
    expect(text()).toContain('uyuşturucu satılıyor');
  });

  it('asks and answers on the first page without its words', async () => {
    await open('fake', '#/');
    await door.call({ call: 'edit', id: 'r55', set: { discreet: true } });
    await settled();
    const { desc, question } = await door.call({ call: 'request', id: 'r55' });
    expect(text()).not.toContain(question);
    expect(text()).not.toContain(desc.slice(0, 20));
  });
});

describe('an urgent announcement', () => {
  it('stands before everything until it is confirmed', async () => {
    await open('fake=urgent', '#/');
    expect(text()).toContain('Kuvvetli lodos');
    button('Okudum').click();
    await settled();
    expect(said('read_announcement')).toHaveLength(1);
    expect(document.querySelector('dialog.urgent')).toBeNull();
  });

  it('lets its muhtar through when the tablet cannot keep that it was read', async () => {
    await open('fake=urgent', '#/');
    const close = vi.spyOn(HTMLDialogElement.prototype, 'close');
    door.call = () => Promise.reject(new CallFailed({ code: 'disk_full', detail: '' }));
    button('Okudum').click();
    await settled();
    expect(document.querySelector('dialog.urgent [role=alert]')?.textContent).toContain('yer kalmadı');
    button('Kapat').click();
    expect(close).toHaveBeenCalled();
    close.mockRestore();
  });
});

describe('an answer', () => {
  it('is confirmed only when the time for second thoughts has passed', async () => {
    await open('fake', '#/request/r49');
    button('Evet, tamam').click();
    await settled();
    expect(text()).toContain('Onayınız gönderilecek');
    expect(said('say')).toHaveLength(0);
    button('Geri al').click();
    await settled();
    button('Evet, tamam').click();
    await settled();
    undo.settle();
    await settled();
    expect(said('say')).toEqual([{ call: 'say', id: 'r49', kind: 'confirm', text: '', photos: [] }]);
  });

  it('is kept by the core before it is sent, and taken back there too', async () => {
    await open('fake', '#/request/r49');
    button('Evet, tamam').click();
    await settled();
    expect(said('intend')).toEqual([{ call: 'intend', id: 'r49', kind: 'confirm' }]);
    undo.takeBack();
    await settled();
    expect(said('begin')).toEqual([{ call: 'begin', id: 'r49', kind: 'confirm', text: '', photos: [] }]);
    expect(said('say')).toHaveLength(0);
    expect(button('Evet, tamam')).toBeTruthy();
  });

  it('has its photos, fetches the full size of one that is opened, and says what is not here', async () => {
    await open('fake=online', '#/request/r49');
    const tiles = () => [...document.querySelectorAll<HTMLButtonElement>('.answer .photo-open')];
    expect(tiles().map((tile) => tile.querySelector('img') !== null)).toEqual([true, true, false]);
    expect(text()).toContain('Henüz bu tablette olmayan fotoğraflar');
    tiles()[0]?.click();
    await settled();
    expect(said('fetch_photo')).toHaveLength(0);
    (document.querySelector('dialog .close, dialog button') as HTMLButtonElement).click();
    await settled();
    tiles()[1]?.click();
    flushSync();
    expect(text()).toContain('büyüğü bağlantı olunca gelir');
    await settled();
    expect(said('fetch_photo')).toEqual([{ call: 'fetch_photo', id: 'r49', hash: 'cukur-49-a1' }]);
    await settled();
    expect(text()).not.toContain('büyüğü bağlantı olunca gelir');
  });
});

describe('an objection', () => {
  /** Types into the field as a person does. */
  function type(words: string) {
    const field = document.querySelector('.answer textarea') as HTMLTextAreaElement;
    field.value = words;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }

  it('has its photo even where the page hears of it before the answer comes', async () => {
    URL.createObjectURL = () => 'blob:x';
    URL.revokeObjectURL = () => {};
    await open('fake', '#/request/r49');
    // The core tells of a change before its answer has found its way, and the page asks at once.
    const call = door.call.bind(door);
    door.call = async (which) => {
      const answer = await call(which);
      if (which.call === 'add_photo') await settled();
      return answer;
    };
    button('Hayır, itiraz ediyorum').click();
    await settled();
    const before = document.querySelectorAll('.answer .photo-open').length;
    const chooser = document.querySelector('.answer input[type=file][multiple]') as HTMLInputElement;
    Object.defineProperty(chooser, 'files', { value: [new File(['x'], 'yama.jpg', { type: 'image/jpeg' })] });
    chooser.dispatchEvent(new Event('change', { bubbles: true }));
    await settled();
    await settled();
    expect(document.querySelectorAll('.answer .photo-open')).toHaveLength(before + 1);
    button('İtirazı gönder').click();
    await settled();
    expect(said('say')).toEqual([expect.objectContaining({ kind: 'object', text: '', photos: [expect.stringContaining('-0')] })]);
  });

  it('that was begun is there when the page is opened again, and gone once it is said', async () => {
    await open('fake', '#/request/r49');
    button('Hayır, itiraz ediyorum').click();
    await settled();
    type('Çukurun yarısı açık');
    location.hash = '#/';
    await settled();
    expect(said('begin').at(-1)).toEqual({ call: 'begin', id: 'r49', kind: 'object', text: 'Çukurun yarısı açık', photos: [] });
    location.hash = '#/request/r49';
    await settled();
    expect((document.querySelector('.answer textarea') as HTMLTextAreaElement).value).toBe('Çukurun yarısı açık');
    type('Çukurun yarısı açık kaldı.');
    button('İtirazı gönder').click();
    await settled();
    expect(said('say')).toEqual([{ call: 'say', id: 'r49', kind: 'object', text: 'Çukurun yarısı açık kaldı.', photos: [] }]);
    expect(document.querySelector('.answer textarea')).toBeNull();
  });
});

describe('a correction', () => {
  const words = () => document.querySelector('.sheet textarea') as HTMLTextAreaElement;
  const closed = () => document.querySelector('dialog.sheet')?.dispatchEvent(new Event('close'));

  async function correct(text: string) {
    button('Düzelt').click();
    await settled();
    words().value = text;
    words().dispatchEvent(new Event('input', { bubbles: true }));
  }

  it('that was begun goes on where the page was left, and is over once it is saved', async () => {
    await open('fake', '#/request/r56');
    const before = (await door.call({ call: 'request', id: 'r56' })).desc;
    await correct('Mazgal tıkalı, iki yerde');
    const sheet = document.querySelector('dialog.sheet');
    location.hash = '#/';
    await settled();
    sheet?.dispatchEvent(new Event('close')); // a dialog says so when its page goes
    await settled();
    expect(said('begin_edit').at(-1)).toEqual({ call: 'begin_edit', id: 'r56', set: { desc: 'Mazgal tıkalı, iki yerde' } });
    location.hash = '#/request/r56';
    await settled();
    expect(text()).toContain(before.split('.')[0]);
    expect(text()).toContain('Yarım kalan bir düzeltmeniz var');
    button('Sürdür').click();
    await settled();
    expect(words().value).toBe('Mazgal tıkalı, iki yerde');
    button('Düzeltmeyi kaydet').click();
    await settled();
    expect(said('edit')).toEqual([{ call: 'edit', id: 'r56', set: { desc: 'Mazgal tıkalı, iki yerde' } }]);
    expect(text()).not.toContain('Yarım kalan');
  });

  it('that was given up can be had back', async () => {
    await open('fake', '#/request/r56');
    await correct('Yanlışlıkla');
    closed();
    await settled();
    expect(said('begin_edit').at(-1)).toEqual({ call: 'begin_edit', id: 'r56', set: {} });
    expect(words()).toBeNull();
    undo.takeBack();
    await settled();
    expect(words().value).toBe('Yanlışlıkla');
    expect(said('edit')).toEqual([]);
  });

  it('asks where the tablet is while it is written, and moves nothing by itself', async () => {
    const watched = vi.fn((found: PositionCallback) => {
      found({ coords: { latitude: 40.99, longitude: 29.03, accuracy: 9 }, timestamp: 1 } as GeolocationPosition);
      return 7;
    });
    const clearWatch = vi.fn();
    Object.defineProperty(navigator, 'geolocation', { value: { watchPosition: watched, clearWatch }, configurable: true });
    await open('fake', '#/request/r56');
    button('Düzelt').click();
    await settled();
    expect(watched).toHaveBeenCalledOnce();
    expect(said('begin_edit')).toEqual([]);
    closed();
    await settled();
    expect(clearWatch).toHaveBeenCalledWith(7);
    Reflect.deleteProperty(navigator, 'geolocation');
  });
});

describe('first start', () => {
  it('enrols, then asks for the neighbourhood, also after a restart', async () => {
    await open('fake=start', '#/');
    button('Alıştırmaya başla').click();
    await settled();
    expect(text()).toContain('Bu tablet sizin mahallenizin mi?');
    expect(localStorage.getItem('mbs.confirm')).toBe('pending');
    button('Evet, doğru').click();
    await settled();
    expect(text()).toContain('Başvurularım');
    expect(localStorage.getItem('mbs.confirm')).toBe(null);
  });

  it('shows three pages to a tablet with a code, and practises without leaving a trace', async () => {
    await open('fake', '#/guide');
    expect(text()).toContain('1 / 3');
    button('Devam').click();
    await settled();
    button('Devam').click();
    await settled();
    expect(text()).toContain('Cevap buraya gelir');
    button('Bir deneme yap').click();
    await settled();
    expect(text()).toContain('Gönder’e basınca hiçbir yere gitmez');
    const words = document.querySelector('textarea') as HTMLTextAreaElement;
    words.value = 'Deneme';
    words.dispatchEvent(new Event('input', { bubbles: true }));
    button('Gönder').click();
    await settled();
    expect(location.hash).toBe('#/practised');
  });

  it('says why a code was refused', async () => {
    await open('fake=start', '#/');
    const [server, code] = document.querySelectorAll<HTMLInputElement>('input.input');
    for (const [input, value] of [[server, 'mbs.example'], [code, 'A']] as const) {
      if (!input) throw new Error('no field');
      input.value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
    button('Devam').click();
    await settled();
    expect(said('enrol')).toEqual([{ call: 'enrol', server: 'https://mbs.example', code: 'A' }]);
    expect(document.querySelector('[role=alert]')?.textContent).toContain('Bu kod geçerli değil');
  });
});

describe('the screen lock', () => {
  const digits = (pin: string) => {
    const input = document.querySelector('.pin-digits') as HTMLInputElement;
    input.value = pin;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    flushSync();
  };

  it('shows nothing until the right PIN, and then what was there', async () => {
    await open('fake=locked', '#/request/r49');
    expect(document.querySelector('.behind')?.hasAttribute('hidden')).toBe(true);
    expect((document.querySelector('.behind') as HTMLElement).inert).toBe(true);
    digits('1111');
    button('Aç').click();
    await settled();
    expect(document.querySelector('.lock')?.textContent).toContain('PIN yanlış');
    digits('2580');
    button('Aç').click();
    await settled();
    expect(document.querySelector('.lock')).toBe(null);
    expect(document.querySelector('.behind')?.hasAttribute('hidden')).toBe(false);
    expect(text()).toContain('Evet, tamam');
  });

  it('locks by itself when nobody has touched it, and keeps what is being written', async () => {
    await open('fake=locked', '#/draft/r58');
    digits('2580');
    button('Aç').click();
    await settled();
    const words = document.querySelector('textarea') as HTMLTextAreaElement;
    words.value = 'Yarım kalan söz';
    words.dispatchEvent(new Event('input', { bubbles: true }));
    await settled();
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 5 * 60_000);
    document.dispatchEvent(new Event('visibilitychange'));
    await settled();
    vi.restoreAllMocks();
    expect(document.querySelector('.lock')).not.toBe(null);
    digits('2580');
    button('Aç').click();
    await settled();
    expect(document.querySelector('textarea')?.value).toBe('Yarım kalan söz');
  });
});

describe('a revoked tablet', () => {
  it('is closed, says what became of what was written, and opens when it is enrolled anew', async () => {
    await open('fake=revoked', '#/request/r49');
    expect(text()).toContain('Bu tablet kapatıldı');
    expect(text()).toContain('Teslim edilen kayıt: 3');
    expect(text()).toContain('Teslim edilemeyen fotoğraf ve ses kaydı: 4');
    expect(text()).not.toContain('Resmî cevap');
    button('Okunur kopya çıkar').click();
    await settled();
    expect(said('write_unsent')).toHaveLength(1);
    expect(text()).toContain('3 kayıt ve 4 fotoğraf yazıldı');
    const [server, code] = [...document.querySelectorAll<HTMLInputElement>('input.input')];
    for (const [input, value] of [[server, 'mbs.belediye.example'], [code, 'ABCD-1234']] as const) {
      input!.value = value;
      input!.dispatchEvent(new Event('input', { bubbles: true }));
    }
    flushSync();
    document.querySelector('form')!.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
    await settled();
    expect(text()).not.toContain('Bu tablet kapatıldı');
    expect(localStorage.getItem('mbs.confirm')).toBe('pending');
    askConfirmation(false);
  });
});
