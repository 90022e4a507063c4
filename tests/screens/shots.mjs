// Pictures and checks of every screen: node tests/screens/shots.mjs DIR [--no-build] [--quick] [screen …]
//
// Builds the screens with their fake back ends (a mode of its own; the shipped build has none), opens
// each in Debian's Chromium at tablet sizes, in both languages and all themes, writes a picture, and
// looks for what a person would stumble over: axe findings, sideways scrolling, cut text, targets that
// are too small for a thumb, errors in the console. Ends with one line of counts.
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { look } from './checks.mjs';

const ui = fileURLToPath(new URL('../../ui/', import.meta.url));
const need = createRequire(join(ui, 'package.json'));
const { chromium } = need('playwright-core');
const axe = need.resolve('axe-core/axe.min.js');

const [dir, ...rest] = process.argv.slice(2);
if (!dir || dir.startsWith('-')) {
  console.error('usage: node tests/screens/shots.mjs DIR [--no-build] [--quick] [screen …]');
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
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

const sizes = { large: { width: 1440, height: 900 }, wide: { width: 1280, height: 800 }, tall: { width: 800, height: 1280 } };
/** Everything in both languages, light and dark; sunlight, large text and gloves once each way round. */
const modes = [
  ...['tr', 'en'].flatMap((locale) => ['light', 'dark'].flatMap((theme) => ['wide', 'tall'].map((size) => ({ locale, theme, size })))),
  { locale: 'tr', theme: 'sun', size: 'wide' },
  { locale: 'tr', theme: 'light', size: 'wide', text: 200, gloves: true },
  { locale: 'tr', theme: 'light', size: 'tall', text: 200 },
];

let passed = 0;
let failed = 0;
const quick = rest.includes('--quick'); // one language, one theme: to look at while working
const chosen = quick ? modes.slice(0, 2) : modes;
const queue = screens.flatMap((screen) => (screen.modes ? (quick ? screen.modes.slice(0, 2) : screen.modes) : chosen).map((mode) => ({ screen, mode })));
const total = queue.length;
await Promise.all([worker(), worker()]);
await browser.close();
server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && total > 0 ? 0 : 1);

async function worker() {
  for (let job = queue.shift(); job; job = queue.shift()) {
    const { screen, mode } = job;
    const name = [screen.entry, screen.name, mode.locale, mode.theme, mode.size, ...(mode.text ? [mode.text] : [])].join('-');
    const findings = await shoot(screen, mode, name).catch((error) => [`did not open: ${error.message.split('\n')[0]}`]);
    if (findings.length) failed++;
    else passed++;
    console.log(`${findings.length ? 'FAIL' : 'ok  '} ${name}`);
    for (const finding of findings) console.log(`     ${finding}`);
  }
}

async function shoot(screen, mode, name) {
  const context = await browser.newContext({
    viewport: sizes[mode.size],
    locale: mode.locale === 'tr' ? 'tr-TR' : 'en-GB',
    timezoneId: 'Europe/Istanbul',
    reducedMotion: 'reduce',
  });
  const findings = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => findings.push(`error: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && findings.push(`console: ${message.text()}`));
    // A Tuesday morning; a fixed date keeps the pictures the same from day to day.
    await context.clock.setFixedTime(new Date('2026-11-24T10:40:00+03:00'));
    await screen.prepareContext?.(context, screen, mode);
    const settings = { locale: mode.locale, theme: mode.theme, text: mode.text ?? 100, gloves: mode.gloves ?? false };
    await context.addInitScript((value) => localStorage.setItem('mbs.settings', value), JSON.stringify(settings));
    await page.goto(`http://127.0.0.1:${server.address().port}/${screen.entry}/index.html?${screen.query ?? 'fake'}${screen.hash ?? ''}`);
    await page.evaluate(() => document.fonts.ready);
    await screen.prepare?.(page, mode);
    if (await page.locator('.map').count()) await page.locator('.map path.m-land').first().waitFor({ state: 'attached' });
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(dir, `${name}.png`) });
    await page.addScriptTag({ path: axe });
    findings.push(...(await page.evaluate(look, { minTarget: screen.minTarget ?? 48 })));
    return findings;
  } finally {
    await context.close();
  }
}

/** The built screens as files, from this machine to this machine. */
function serve(root) {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.woff2': 'font/woff2', '.png': 'image/png', '.svg': 'image/svg+xml' };
  const made = createServer((request, response) => {
    const path = resolve(root, `.${decodeURIComponent(new URL(request.url, 'http://localhost').pathname)}`);
    if (!path.startsWith(root) || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
    createReadStream(path).pipe(response);
  });
  return new Promise((ready) => made.listen(0, '127.0.0.1', () => ready(made)));
}
