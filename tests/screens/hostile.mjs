// What is typed is words, whatever it looks like: node tests/screens/hostile.mjs ADDRESS LOGIN PASSWORD NUMBER ANSWER
//
// At a real server in Debian's Chromium a unit's person opens a request whose every field is HTML, as list, page, paper and
// search, and answers it with HTML and with a photo whose name is HTML and a path. No element may come of it. In the middle
// of the answer the session is gone, twice: once while it is sent, once over a reload; what was typed is there again.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { play, seat } from './browser.mjs';

const [address, login, password, number, answer] = process.argv.slice(2);
const photo = readFileSync(fileURLToPath(new URL('../fixtures/photos/generated/g-ist-04.jpg', import.meta.url)));

await play(async (browser, troubles) => {
  // Sessions that are gone are meant here.
  const met = [];
  const page = await seat(browser, address, login, password, met);
  const button = (name) => page.getByRole('button', { name }).first();
  /** Nothing of what was typed is more than text; and the text is there to read. */
  const harmless = async (where) => {
    await page.getByText('<b data-evil', { exact: false }).first().waitFor();
    const evil = await page.evaluate(() => document.querySelectorAll('[data-evil], [src="x"]').length + Number(Boolean(self.evil)));
    if (evil) troubles.push(`${where}: ${evil} elements of what was typed`);
  };
  const open = (hash) => page.goto(`${address}/desk/#/${hash}`);

  await page.getByRole('link', { name: number }).first().waitFor();
  await harmless('the inbox');
  await page.getByRole('link', { name: number }).first().click();
  await page.locator('aside .said').waitFor();
  await harmless('beside the inbox');
  const id = new URL(page.url()).hash.split('/')[3];
  await open('all?q=evil');
  await page.getByRole('link', { name: number }).first().waitFor();
  await harmless('the search');
  await open(`request/${id}`);
  await page.locator('.way').waitFor();
  await harmless('the page');
  await open(`request/${id}/order`);
  await page.locator('.sheet').first().waitFor();
  await page.emulateMedia({ media: 'print' });
  await harmless('the work order');
  await page.emulateMedia({ media: null });

  // Exports are files to keep, never pages to show.
  for (const kind of ['csv', 'xlsx', 'geojson']) {
    const about = await page.evaluate(async (path) => {
      const { status, headers } = await fetch(path);
      return [status, headers.get('content-disposition'), headers.get('x-content-type-options'), headers.get('content-type')];
    }, `/desk/api/requests.${kind}?list=all`);
    const [status, kept, sniff, type] = about;
    if (status !== 200 || !/^attachment; filename="[a-z0-9-]+\.[a-z]+"$/.test(kept) || sniff !== 'nosniff' || /html/.test(type)) troubles.push(`${kind}: ${about}`);
  }

  await open(`request/${id}`);
  await button('Kabul et').click();
  await button('Şimdi gönder').click();
  await page.locator('main').getByText('İşlemde', { exact: true }).first().waitFor();
  await open(`request/${id}/answer`);
  await page.getByText('Yapıldı', { exact: true }).first().click();
  await page.locator('textarea').fill(answer);
  const asked = page.waitForRequest((request) => request.method() === 'POST' && /\/api\/photos\?/.test(request.url()));
  await page.locator('input[type=file]').setInputFiles({ name: '../../../keys "><img src=x onerror="evil=1">.jpg', mimeType: 'image/jpeg', buffer: photo });
  await page.locator('form .photo img').waitFor();
  if (/keys|evil|\.\./.test((await asked).url())) troubles.push('the name of a file went to the server');
  await harmless('the answer that is written');

  // Gone over a reload: the sign-in comes, and behind it the words.
  await page.locator('form .hint svg').first().waitFor();
  await page.context().clearCookies();
  await page.reload();
  const again = async () => {
    await page.getByLabel('Kullanıcı adı').fill(login);
    await page.getByLabel('Parola', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Gir' }).last().click();
  };
  await again();
  await page.locator('textarea').waitFor();
  if ((await page.locator('textarea').inputValue()) !== answer) troubles.push('a reload without a session lost what was typed');
  if (!(await page.locator('form .photo img').count())) troubles.push('a reload without a session lost the photo');

  // Gone while it is sent: the sign-in lies over the page, and then it goes.
  await page.context().clearCookies();
  await page.keyboard.press('Control+Enter');
  // Whichever call hears of it first.
  await page.locator('dialog[open]').waitFor();
  await again();
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  await open(`request/${id}`);
  await page.locator('main').getByText('Sonuçlandı', { exact: true }).first().waitFor();
  await harmless('the answered request');
  for (const trouble of met) if (!trouble.startsWith('401')) troubles.push(trouble);
});
