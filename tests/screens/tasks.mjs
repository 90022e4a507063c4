// What a muhtar's daily tasks cost, counted: node tests/screens/tasks.mjs
//
// Walks the tablet's screens (built for pictures, with their fake back end) as a person would, and prints taps, keys,
// screens and the words that stood on them. A task that grows past its limit fails.
import { join } from 'node:path';
import { prepareContext } from './tablet.mjs';
import { launch, serve, ui } from './browser.mjs';

const WORDS = 'Okulun önündeki rögar kapağı kırık, çocuklar düşebilir.';
const photo = { name: 'rogar.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(60_000, 7) };

/** Each with where it begins, its limit, and how it is done. Words typed are counted apart: they are the person's own. */
const tasks = [
  {
    name: 'file a request with a photo',
    taps: 5,
    async walk(hand) {
      await hand.tap(hand.button('Yeni başvuru'));
      // The camera's own button is not ours to count.
      await hand.take(hand.page.locator('input[type=file]').first(), photo);
      await hand.type(hand.page.locator('textarea'), WORDS);
      await hand.tap(hand.page.locator('.choice input[type=radio]').first());
      await hand.tap(hand.button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
  {
    name: 'file a request by voice',
    taps: 5,
    async walk(hand) {
      await hand.tap(hand.button('Yeni başvuru'));
      await hand.tap(hand.button('Sesli not'));
      await hand.page.getByRole('timer').filter({ hasText: '0:01' }).waitFor();
      await hand.tap(hand.button('Bitir'));
      await hand.page.locator('figure.voice').waitFor();
      await hand.tap(hand.button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
  {
    name: 'confirm an answer',
    taps: 2,
    async walk(hand) {
      await hand.tap(hand.page.locator('.todo.t-ok a.btn').first());
      await hand.tap(hand.button('Evet, tamam'));
      await hand.sees('Onayınız');
    },
  },
  {
    name: 'object to an answer',
    taps: 3,
    async walk(hand) {
      await hand.tap(hand.page.locator('.todo.t-ok a.btn').first());
      await hand.tap(hand.button('Hayır, itiraz ediyorum'));
      await hand.type(hand.page.locator('form textarea').first(), 'Çukur yine açıldı.');
      await hand.tap(hand.page.locator('.answer form button[type=submit]'));
      await hand.sees('Çukur yine açıldı.');
    },
  },
  {
    name: 'answer a question',
    taps: 2,
    async walk(hand) {
      await hand.tap(hand.page.locator('.todo a.btn').filter({ hasText: 'Yanıtla' }));
      await hand.type(hand.page.locator('form textarea').first(), 'On iki numaranın önünde.');
      await hand.tap(hand.page.locator('form button[type=submit]').first());
      await hand.sees('On iki numaranın önünde.');
    },
  },
  {
    name: 'find an old request',
    taps: 2,
    async walk(hand) {
      await hand.type(hand.page.locator('input[type=search]'), 'salincak zincir', true);
      await hand.tap(hand.page.locator('a.req').first());
      await hand.sees('Parktaki salıncağın zinciri kopuk');
    },
  },
  {
    name: 'see what waits, and send it',
    taps: 2,
    query: 'fake=online',
    async walk(hand) {
      await hand.tap(hand.page.locator('a.nav-item[href="#/outbox"]'));
      await hand.tap(hand.button('Şimdi gönder'));
      await hand.sees('Sırayla gidecekler');
    },
  },
  {
    name: 'the same trouble again',
    taps: 3,
    async walk(hand) {
      await hand.tap(hand.page.locator('a.req').nth(1));
      await hand.tap(hand.button('Benzerini yaz'));
      await hand.tap(hand.button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
];

/** A hand that counts what it does, and what it has seen. */
class Hand {
  taps = 0;
  keys = 0;
  words = 0;
  screens = new Set();

  constructor(page) {
    this.page = page;
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true }).first();
  }

  async tap(target) {
    await target.waitFor();
    await this.#look();
    this.taps++;
    await target.click();
  }

  async take(input, file) {
    await this.#look();
    this.taps++;
    await input.setInputFiles([file]);
    await this.page.locator('.photo .corner').first().waitFor();
  }

  /** `first` where the field has to be tapped before one can type. */
  async type(field, text, tapped = false) {
    await field.waitFor();
    await this.#look();
    if (tapped) this.taps++;
    this.keys += text.length;
    await field.fill(text);
    // What is suggested comes when the fingers rest.
    await this.page.waitForFunction(() => new Promise((rested) => setTimeout(() => rested(true), 400)));
  }

  async sees(text) {
    await this.page.getByText(text).first().waitFor();
    await this.#look();
  }

  /** A screen is an address; its words are counted once. */
  async #look() {
    const screen = await this.page.evaluate(() => location.hash.replace(/r\d+/, 'r'));
    if (this.screens.has(screen)) return;
    this.screens.add(screen);
    this.words += await this.page.evaluate(() => (document.querySelector('.app')?.innerText ?? '').split(/\s+/).filter(Boolean).length);
  }
}

const server = await serve(join(ui, 'dist/shots'));
const browser = await launch();
let passed = 0;
let failed = 0;
console.log('task                              taps (most)   keys  screens  words');
for (const task of tasks) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'tr-TR', timezoneId: 'Europe/Istanbul', reducedMotion: 'reduce' });
  await prepareContext(context);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.addInitScript(() => localStorage.setItem('mbs.settings', JSON.stringify({ locale: 'tr', notice: '2026-11' })));
  await page.goto(`http://127.0.0.1:${server.address().port}/tablet/index.html?${task.query ?? 'fake'}#/`);
  const hand = new Hand(page);
  try {
    await task.walk(hand);
    const fine = hand.taps <= task.taps;
    if (fine) passed++;
    else failed++;
    console.log(`${fine ? '    ' : 'FAIL'}${task.name.padEnd(30)}${String(hand.taps).padStart(4)} (${task.taps})${String(hand.keys).padStart(13)}${String(hand.screens.size).padStart(9)}${String(hand.words).padStart(7)}`);
  } catch (error) {
    failed++;
    console.log(`FAIL${task.name}: ${error.message.split('\n')[0]}`);
  }
  await context.close();
}
await browser.close();
server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
