// What a muhtar's daily tasks cost, counted: node tests/screens/tasks.mjs
//
// Walks the tablet's screens (built for pictures, with their fake back end) three times as a person would: by finger, by
// keyboard alone, and by the tree that a screen reader is given. Prints what each took: for fingers also the milliseconds of the
// processor that the page's thread was busy with one tap, at most, until its answer was drawn. A person calls a tenth of a
// second at once; what is drawn behind the answer, as a map, counts here too. It is printed and no limit, because it differs by
// three from one machine, and one minute, to the next. A task that takes more taps than its limit fails, and so does one that
// cannot be done one of the three ways.
import { join } from 'node:path';
import { launch, serve, ui } from './browser.mjs';
import { Finger, Keys, Reader } from './hands.mjs';
import { prepareContext } from './tablet.mjs';

const WORDS = 'Okulun önündeki rögar kapağı kırık, çocuklar düşebilir.';
const photo = { name: 'rogar.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(60_000, 7) };

const button = (name) => ({ role: 'button', name });
const field = (name) => ({ role: 'textbox', name });
const answered = { role: 'link', name: /^Cevabı oku/ };

/** Each with its limit of taps, and how it is done. Words typed are counted apart: they are the person's own. */
const tasks = [
  {
    name: 'file a request with a photo',
    taps: 5,
    async walk(hand) {
      await hand.tap(button('Yeni başvuru'));
      await hand.attach({ role: 'file', name: 'Fotoğraf çek' }, photo);
      await hand.page.locator('.photo .corner').first().waitFor();
      await hand.write(field('Ne oldu?'), WORDS);
      await hand.tap({ role: 'radio', name: /Rögar/ });
      await hand.tap(button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
  {
    name: 'file a request by voice',
    taps: 5,
    async walk(hand) {
      await hand.tap(button('Yeni başvuru'));
      await hand.tap(button('Sesli not'));
      await hand.page.getByRole('timer').filter({ hasText: '0:01' }).waitFor();
      await hand.tap(button('Bitir'));
      await hand.page.locator('figure.voice').waitFor();
      await hand.tap(button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
  {
    name: 'file what is filed often',
    taps: 3,
    async walk(hand) {
      await hand.tap(button('Yeni başvuru'));
      await hand.tap(button('Mazgallar yaprakla dolmuş'));
      await hand.tap(button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
  {
    name: 'confirm an answer',
    taps: 2,
    async walk(hand) {
      await hand.tap(answered);
      await hand.tap(button('Evet, tamam'));
      await hand.sees('Onayınız');
    },
  },
  {
    name: 'object to an answer',
    taps: 3,
    async walk(hand) {
      await hand.tap(answered);
      await hand.tap(button('Hayır, itiraz ediyorum'));
      await hand.write(field('Eksik olan ne?'), 'Çukur yine açıldı.');
      await hand.tap(button('İtirazı gönder'));
      await hand.sees('Çukur yine açıldı.');
    },
  },
  {
    name: 'object by a photo alone',
    taps: 4,
    async walk(hand) {
      await hand.tap(answered);
      await hand.tap(button('Hayır, itiraz ediyorum'));
      await hand.attach({ role: 'file', name: 'Fotoğraf çek' }, photo);
      await hand.page.locator('.answer .photo-open').first().waitFor();
      await hand.tap(button('İtirazı gönder'));
      await hand.sees('İtiraz');
    },
  },
  {
    name: 'answer a question',
    taps: 2,
    async walk(hand) {
      await hand.tap({ role: 'link', name: /^Yanıtla/ });
      await hand.write(field('Yanıtınız'), 'On iki numaranın önünde.');
      await hand.tap(button('Yanıtı gönder'));
      await hand.sees('On iki numaranın önünde.');
    },
  },
  {
    name: 'find an old request',
    taps: 2,
    async walk(hand) {
      await hand.write({ role: 'searchbox', name: 'Başvurularda ara' }, 'salincak zincir', true);
      await hand.tap({ role: 'link', name: /salıncağın zinciri/ });
      await hand.sees('Parktaki salıncağın zinciri kopuk');
    },
  },
  {
    name: 'see what waits, and send it',
    taps: 2,
    query: 'fake=online',
    async walk(hand) {
      await hand.tap({ role: 'link', name: /^Giden/ });
      await hand.tap(button('Şimdi gönder'));
      await hand.sees('Sırayla gidecekler');
    },
  },
  {
    name: 'the same trouble again',
    taps: 3,
    async walk(hand) {
      await hand.tap({ role: 'link', name: /lamba/i });
      await hand.tap(button('Benzerini yaz'));
      await hand.tap(button('Gönder'));
      await hand.sees('Kaydedildi:');
    },
  },
];

const server = await serve(join(ui, 'dist/shots'));
const browser = await launch();
let passed = 0;
let failed = 0;

async function walked(task, Hand) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'tr-TR', timezoneId: 'Europe/Istanbul', reducedMotion: 'reduce' });
  await prepareContext(context);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.addInitScript(() => localStorage.setItem('mbs.settings', JSON.stringify({ locale: 'tr', notice: '2026-11' })));
  await page.goto(`http://127.0.0.1:${server.address().port}/tablet/index.html?${task.query ?? 'fake'}#/`);
  await page.locator('a.req').first().waitFor();
  const hand = new Hand(page);
  let trouble = '';
  try {
    await hand.begin();
    await task.walk(hand);
    if (Hand === Finger && hand.did > task.taps) trouble = `${hand.did} taps where ${task.taps} are enough`;
  } catch (error) {
    trouble = error.message.split('\n')[0];
  }
  if (trouble) failed++;
  else passed++;
  await context.close();
  return { hand, trouble };
}

console.log(`${'task'.padEnd(30)} taps (most)  letters  screens  words   keys   heard   work`);
for (const task of tasks) {
  const [finger, keys, reader] = await Promise.all([Finger, Keys, Reader].map((Hand) => walked(task, Hand)));
  const { did, letters, screens, words } = finger.hand;
  console.log(`${task.name.padEnd(30)}${String(did).padStart(5)} (${task.taps})${String(letters).padStart(11)}${String(screens.size).padStart(9)}${String(words).padStart(7)}${String(keys.hand.did).padStart(7)}${String(reader.hand.did).padStart(8)}${String(Math.round(finger.hand.work)).padStart(7)}`);
  for (const { hand, trouble } of [finger, keys, reader]) if (trouble) console.log(`FAIL ${task.name}, ${hand.constructor.unit}: ${trouble}`);
}
await browser.close();
server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
