// Debian's Chromium, and the built screens as files from this machine to this machine.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ui = fileURLToPath(new URL('../../ui/', import.meta.url));
export const need = createRequire(join(ui, 'package.json'));

/** Without a screen, a graphics card or a microphone. */
export function launch() {
  return need('playwright-core').chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream'],
  });
}

/** Plays something in a browser and ends this process, with whatever went wrong meanwhile. */
export async function play(act) {
  const browser = await launch();
  const troubles = [];
  try {
    await act(browser, troubles);
  } catch (error) {
    troubles.push(error.message);
  } finally {
    await browser.close();
  }
  for (const trouble of troubles) console.error(trouble);
  process.exit(troubles.length ? 1 : 0);
}

/** Sends what waits for second thoughts at the desk, and waits until all of it is done. */
export async function sendNow(page, press = () => page.getByRole('button', { name: 'Şimdi gönder' }).first().click()) {
  await press();
  await page.locator('.toast').waitFor({ state: 'detached' });
}

/** The page of a new person who has been nowhere yet; errors in it are pushed to `troubles`. */
export async function person(browser, troubles) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'tr-TR', timezoneId: 'Europe/Istanbul' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => troubles.push(`in the page: ${error.message}`));
  return page;
}

/** A new person at the real desk, signed in; whatever goes wrong for him from now on is pushed to `troubles`. */
export async function seat(browser, address, login, password, troubles) {
  const page = await person(browser, troubles);
  page.on('response', (answer) => {
    // Before the sign-in the page asks who sits here, and is told that nobody does.
    const asked = new URL(answer.url()).pathname;
    if (answer.status() >= 400 && !(answer.status() === 401 && asked.endsWith('/api/me'))) troubles.push(`${answer.status()} from ${asked}`);
  });
  await page.goto(`${address}/desk/`);
  await page.getByLabel('Kullanıcı adı').fill(login);
  await page.getByLabel('Parola', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Gir' }).first().click();
  await page.locator('.rail').waitFor();
  return page;
}

/** Chooses the first that is found from a field with a list under it. */
export async function choose(page, field, words) {
  await field.fill(words);
  await page.locator('.found.card li').first().waitFor();
  await page.keyboard.press('Enter');
}

/** Serves a folder. */
export function serve(root) {
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
