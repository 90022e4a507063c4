// A few journeys through the real screens over the fake back end.
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeTablet, type Fake } from '$ui/backend/fake/tablet';
import { CallFailed } from '$ui/backend/tablet';
import { settings } from '$ui/lib/settings.svelte';
import { undo } from '$ui/lib/undo.svelte';
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
    expect(said('say')).toEqual([{ call: 'say', id: 'r49', kind: 'confirm', text: '' }]);
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
