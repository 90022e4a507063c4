// Pictures and checks of every screen: node tests/screens/shots.mjs DIR [--no-build] [--quick] [--pairs] [screen …]
//
// Builds the screens with their fake back ends (a mode of its own; the shipped build has none), opens
// each in Debian's Chromium at tablet sizes, in both languages and all themes, writes a picture, and
// looks for what a person would stumble over: axe findings, sideways scrolling, cut text, targets that
// are too small for a thumb, errors in the console. With all of them it makes contact sheets too. Ends with one line of counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, need, serve, ui } from './browser.mjs';
import { look } from './checks.mjs';
import { sheets } from './sheets.mjs';

const axe = need.resolve('axe-core/axe.min.js');

const [dir, ...rest] = process.argv.slice(2);
if (!dir || dir.startsWith('-')) {
  console.error('usage: node tests/screens/shots.mjs DIR [--no-build] [--quick] [--pairs] [screen …]');
  process.exit(2);
}
const wanted = rest.filter((word) => !word.startsWith('-'));
mkdirSync(dir, { recursive: true });

const lists = ['tablet', 'desk'].filter((name) => existsSync(new URL(`./${name}.mjs`, import.meta.url)));
const screens = (await Promise.all(lists.map(async (entry) => {
  const list = await import(`./${entry}.mjs`);
  return list.screens.map((screen) => ({ entry, prepareContext: list.prepareContext, ...screen }));
}))).flat().filter(({ entry, name }) => wanted.length === 0 || wanted.some((word) => `${entry}-${name}`.includes(word)));

if (!rest.includes('--no-build')) {
  for (const entry of new Set(screens.map((screen) => screen.entry))) {
    const built = spawnSync('npx', ['vite', 'build', '-c', `vite.${entry}.config.ts`, '--mode', 'shots', '--logLevel', 'warn'], { cwd: ui, stdio: 'inherit' });
    if (built.status !== 0) process.exit(1);
  }
}

const server = await serve(join(ui, 'dist/shots'));
const browser = await launch();

const sizes = { large: { width: 1440, height: 900 }, wide: { width: 1280, height: 800 }, tall: { width: 800, height: 1280 }, small: { width: 960, height: 600 }, smalltall: { width: 600, height: 960 }, phone: { width: 360, height: 780 } };
/** Everything in both languages, light and dark; sunlight and gloves once, large text once each way round and in each language. */
const modes = [
  ...['tr', 'en'].flatMap((locale) => ['light', 'dark'].flatMap((theme) => ['wide', 'tall'].map((size) => ({ locale, theme, size })))),
  { locale: 'tr', theme: 'sun', size: 'wide' },
  { locale: 'tr', theme: 'light', size: 'wide', text: 200, gloves: true },
  { locale: 'en', theme: 'light', size: 'tall', text: 200 },
];
/** What a muhtar uses every day, on smaller tablets and a phone too, and with large text the other way round. */
const daily = [
  { locale: 'tr', theme: 'light', size: 'small', gloves: true },
  { locale: 'en', theme: 'light', size: 'smalltall' },
  { locale: 'tr', theme: 'light', size: 'phone' },
  { locale: 'en', theme: 'dark', size: 'phone' },
  { locale: 'tr', theme: 'light', size: 'phone', text: 200 },
  { locale: 'tr', theme: 'light', size: 'tall', text: 200 },
  { locale: 'en', theme: 'light', size: 'wide', text: 200 },
];

let passed = 0;
let failed = 0;
const quick = rest.includes('--quick'); // one language, one theme: to look at while working
const pairs = rest.includes('--pairs'); // half of them, in which each two of language, theme and size still meet
const queue = screens.flatMap((screen) => visits(screen, chosen([...(screen.modes ?? modes), ...(screen.daily ? daily : [])])));
const empty = queue.length === 0;
await Promise.all([worker(), worker(), worker()]);
if (!quick && !pairs) await sheets(browser, dir);
await browser.close();
server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && !empty ? 0 : 1);

function chosen(all) {
  if (quick) return all.slice(0, 2);
  if (!pairs) return all;
  const plain = ({ theme, size, text }) => !text && theme !== 'sun' && (size === 'wide' || size === 'tall');
  return all.filter((mode) => !plain(mode) || ((mode.locale === 'en') + (mode.theme === 'dark') + (mode.size === 'tall')) % 2 === 0);
}

/**
 * A screen is opened once and then turned, darkened, enlarged and told to speak another language in place, as its person
 * would do it: nothing that stands on it may be lost. What goes away by itself (`passing`) is opened for each picture.
 */
function visits(screen, all) {
  return screen.passing ? all.map((mode) => ({ screen, modes: [mode] })) : [{ screen, modes: all }];
}

async function worker() {
  // One for all its visits: what a page loads is fetched and compiled once. What a visit leaves behind is cleared.
  const context = await browser.newContext({ locale: 'tr-TR', timezoneId: 'Europe/Istanbul', reducedMotion: 'reduce' });
  // A Tuesday morning; a fixed date keeps the pictures the same from day to day.
  await context.clock.setFixedTime(new Date('2026-11-24T10:40:00+03:00'));
  for (let visit = queue.shift(); visit; visit = queue.shift()) {
    // Several screens may share one list of modes.
    const [screen, left] = [visit.screen, [...visit.modes]];
    const said = (mode, findings) => {
      if (findings.length) failed++;
      else passed++;
      console.log(`${findings.length ? 'FAIL' : 'ok  '} ${named(screen, mode)}`);
      for (const finding of findings) console.log(`     ${finding}`);
    };
    // What a visit that broke off did not come to has not been seen.
    await visitOnce(context, screen, [...left], (mode, findings) => said(left.shift() && mode, findings)).catch((error) => {
      for (const mode of left) said(mode, [`did not open: ${error.message.split('\n')[0]}`]);
    });
  }
}

function named(screen, mode) {
  return [screen.entry, screen.name, mode.locale, mode.theme, mode.size, ...(mode.text ? [mode.text] : [])].join('-');
}

async function visitOnce(context, { prepareContext, prepare, ...screen }, inModes, said) {
  const [first] = inModes;
  const page = await context.newPage();
  try {
    page.setDefaultTimeout(20_000);
    await page.setViewportSize(sizes[first.size]);
    let errors = [];
    page.on('pageerror', (error) => errors.push(`error: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && errors.push(`console: ${message.text()}`));
    await prepareContext?.(context, screen, first);
    await page.addInitScript((value) => {
      localStorage.clear();
      localStorage.setItem('mbs.settings', value);
    }, settings(first, screen));
    await page.goto(`http://127.0.0.1:${server.address().port}/${screen.entry}/index.html?${screen.query ?? 'fake'}${screen.hash ?? ''}`);
    await page.evaluate(() => document.fonts.ready);
    await prepare?.(page, first);
    if (await page.locator('.map').count()) await page.locator('.map path.m-land').first().waitFor({ state: 'attached' });
    await page.addScriptTag({ path: axe });
    for (const mode of inModes) {
      if (mode !== first) await turn(page, mode, screen);
      await settle(page);
      await page.screenshot({ path: join(dir, `${named(screen, mode)}.png`) });
      const findings = await page.evaluate(look, { minTarget: screen.minTarget ?? (mode.gloves ? 56 : 48) });
      said(mode, [...errors, ...findings]);
      errors = [];
    }
  } finally {
    await page.close();
  }
}

/** Two frames are enough for everything but the map, which looks at its new size first. */
async function settle(page) {
  if (await page.locator('.map').count()) await page.waitForTimeout(150);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** Another size, and other settings by the way they come from another tab; what is being typed in stays in sight. */
async function turn(page, mode, screen) {
  await page.setViewportSize(sizes[mode.size]);
  await page.evaluate((value) => {
    localStorage.setItem('mbs.settings', value);
    dispatchEvent(new StorageEvent('storage', { key: 'mbs.settings' }));
  }, settings(mode, screen));
  await page.evaluate(() => document.activeElement?.scrollIntoView({ block: 'nearest' }));
}

/** The privacy notice was read, but where the screen says otherwise. */
function settings(mode, screen) {
  return JSON.stringify({ locale: mode.locale, theme: mode.theme, text: mode.text ?? 100, gloves: mode.gloves ?? false, notice: '2026-11', ...screen.settings });
}
