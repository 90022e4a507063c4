// How quick the tablet's screens are: node tests/screens/speed.mjs ADDRESS [SLOWER]
//
// Opens a tablet that is served with its years of work, in Debian's Chromium, and prints one line of JSON: the first
// paint of a warm start, how long a key takes to its letter, and frames while a list of thousands is scrolled, all in
// milliseconds. SLOWER slows the page's processor by that factor.
import { launch } from './browser.mjs';

const [address, slower = '1'] = process.argv.slice(2);
const KEYS = 300;
const FRAMES = 400;
const percentile = (all, part) => all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * part))] ?? 0;

const browser = await launch();
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'tr-TR', timezoneId: 'Europe/Istanbul' });
  await context.grantPermissions(['geolocation']);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: Number(slower) });
  await page.addInitScript(() => {
    self.keys = [];
    new PerformanceObserver((list) => self.keys.push(...list.getEntries().filter(({ name }) => name === 'keydown').map(({ duration }) => duration))).observe({ type: 'event', durationThreshold: 16, buffered: true });
  });
  await page.goto(address);
  await page.locator('a.req').first().waitFor();
  const paints = [];
  for (let n = 0; n < 5; n++) {
    await page.reload();
    await page.locator('a.req').first().waitFor();
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0));
  }

  // Down the list, half a screen a frame: quicker than any finger.
  const frames = await page.evaluate(async (most) => {
    const main = document.scrollingElement?.scrollHeight > innerHeight ? document.scrollingElement : document.querySelector('main');
    const frames = [];
    let last = performance.now();
    while (frames.length < most) {
      main.scrollTop += 400;
      const now = await new Promise((drawn) => requestAnimationFrame(drawn));
      frames.push(now - last);
      last = now;
    }
    return frames;
  }, FRAMES);
  const rows = await page.locator('a.req').count();

  await page.locator('button.nav-new').click();
  await page.locator('textarea').click();
  await page.evaluate(() => (self.keys.length = 0));
  await page.keyboard.type('Okulun önündeki rögar kapağı kırık, çocuklar düşebilir. '.repeat(8).slice(0, KEYS), { delay: 40 });
  await page.waitForFunction(() => new Promise((rested) => setTimeout(() => rested(true), 800)));
  const reported = await page.evaluate(() => self.keys);
  // A key that took less than a frame is not reported.
  const keys = [...reported, ...Array(Math.max(0, KEYS - reported.length)).fill(16)];
  console.log(JSON.stringify({ rows, paint: percentile(paints, 0.5), key: percentile(keys, 0.95), frame: percentile(frames, 0.95) }));
} finally {
  await browser.close();
}
