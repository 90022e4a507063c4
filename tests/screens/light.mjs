// What the desk's pages weigh and whether they jump: node tests/screens/light.mjs ADDRESS LOGIN PASSWORD REQUEST
//
// At a real server in Debian's Chromium, over a line with 100 ms of delay, so that a page is seen while it waits: prints
// one line of JSON with the bytes of script until the first list stands there (the map's apart), those of the map's
// data, how each file was coded, and for each page by how much things jumped while it came (cumulative layout shift).
import { play, seat } from './browser.mjs';

const [address, login, password, request] = process.argv.slice(2);
const PAGES = {
  triage: ['triage', '.q'],
  one: [`request/${request}`, '.way'],
  all: ['all', 'table'],
  late: ['late', 'table, .blank'],
  reports: ['reports', '.choro path'],
  tablets: ['tablets', 'table'],
  rules: ['rules', 'table'],
  units: ['units', 'table'],
  announcements: ['announcements', '.held li, .blank'],
  intake: ['intake', 'form'],
};
const slow = { offline: false, latency: 100, downloadThroughput: 1 << 20, uploadThroughput: 1 << 20 };

await play(async (browser, troubles) => {
  const page = await seat(browser, address, login, password, troubles);
  await page.locator('.q').first().waitFor();
  const context = page.context();

  /** Opens a page with an empty cache, and waits until all of it is there. */
  const open = async (hash, ready) => {
    const fresh = await context.newPage();
    fresh.setDefaultTimeout(60_000);
    const line = await context.newCDPSession(fresh);
    await line.send('Network.enable');
    await line.send('Network.emulateNetworkConditions', slow);
    await line.send('Network.setCacheDisabled', { cacheDisabled: true });
    const files = [];
    fresh.on('requestfinished', async (done) => files.push(done));
    await fresh.addInitScript(() => {
      self.jumps = [];
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
          if (!hadRecentInput) self.jumps.push({ value, of: sources.map(({ node }) => node?.className || node?.nodeName).join(' ') });
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await fresh.goto(`${address}/desk/#/${hash}`);
    await fresh.locator(ready).first().waitFor();
    await fresh.waitForFunction(() => !document.querySelector('.skel'));
    if (await fresh.locator('.map').count()) await fresh.locator('.map path.m-land').first().waitFor({ state: 'attached' });
    await fresh.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const jumps = await fresh.evaluate(() => self.jumps);
    const got = await Promise.all(files.map(async (file) => {
      const [sizes, answer] = [await file.sizes(), await file.response()];
      return { path: new URL(file.url()).pathname, type: file.resourceType(), bytes: sizes.responseBodySize, coding: answer?.headers()['content-encoding'] ?? '' };
    }));
    // Left before it is closed: its stream takes one of the six connections a browser has for a server, until it has ended.
    await fresh.goto('about:blank');
    await fresh.close();
    return { jumps, got };
  };

  const shifts = {};
  let scripts = 0;
  let map = 0;
  const plain = new Set();
  for (const [name, [hash, ready]] of Object.entries(PAGES)) {
    const { jumps, got } = await open(hash, ready);
    shifts[name] = { shift: jumps.reduce((sum, { value }) => sum + value, 0), of: jumps.map(({ value, of }) => `${value.toFixed(3)} ${of}`) };
    const sum = (files) => files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (name === 'triage') scripts = sum(got.filter(({ type, path }) => type === 'script' && !/MapView|borders/.test(path)));
    map = Math.max(map, sum(got.filter(({ path }) => path.endsWith('.json'))));
    for (const { path, type, coding } of got) if (['script', 'stylesheet'].includes(type) && !coding) plain.add(path);
  }
  console.log(JSON.stringify({ scripts, map, plain: [...plain], shifts }));
});
