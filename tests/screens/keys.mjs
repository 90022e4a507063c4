// The desk without a pointer: node tests/screens/keys.mjs ADDRESS TRIAGE UNIT PASSWORD NUMBER WORDS
//
// At a real server in Debian's Chromium: triage signs in and routes the first request of its queue to a unit that nobody
// suggested; then a unit's person signs in, finds a request, accepts it and answers it. All by keys. Prints one line of
// JSON: how many keys each decision took once its request was open.
import { play, sendNow } from './browser.mjs';
import { Keys } from './hands.mjs';

const [address, triage, unit, password, number, words] = process.argv.slice(2);

const counted = {};
const field = (name) => ({ role: 'textbox', name });
const button = (name) => ({ role: 'button', name });

/** A person signs in, by keys. */
async function enter(browser, troubles, login) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'tr-TR', timezoneId: 'Europe/Istanbul' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => troubles.push(`in the page: ${error.message}`));
  const hand = new Keys(page);
  await page.goto(`${address}/desk/`);
  await hand.write(field('Kullanıcı adı'), login);
  await hand.write({ role: 'textbox', name: 'Parola' }, password);
  await hand.press('Enter');
  await page.locator('.rail').waitFor();
  return hand;
}

/** As everything here: by keys. */
const sendByKeys = (hand) => sendNow(hand.page, () => hand.tap(button('Şimdi gönder')));

await play(async (browser, troubles) => {
  const desk = await enter(browser, troubles, triage);
  await desk.page.locator('.q[aria-current]').waitFor();
  await desk.page.locator('.choice, #unit-search').first().waitFor();
  desk.did = 0;
  for (const key of ['y', 'z', 'a', 'Enter']) await desk.press(key);
  await desk.page.locator('.toast').waitFor();
  counted.route = desk.did;
  await sendByKeys(desk);

  const office = await enter(browser, troubles, unit);
  await office.page.getByRole('link', { name: number }).waitFor();
  await office.press('j');
  await office.page.locator('aside .said').waitFor();
  office.did = 0;
  await office.press('Enter');
  await office.page.locator('.toast').waitFor();
  counted.accept = office.did;
  await sendByKeys(office);
  await office.page.locator('main').getByText('İşlemde', { exact: true }).last().waitFor();
  // The list says so before the page has what may be done next.
  await office.page.getByRole('button', { name: 'Cevap yaz' }).waitFor();
  office.did = 0;
  await office.press('c');
  await office.page.locator('textarea').waitFor();
  // The first of the outcomes, then Tab to the words.
  await office.press('1');
  await office.reach({ role: 'textbox', name: /./, nth: 0 });
  await office.page.locator('textarea:focus').waitFor();
  await office.type(words);
  await office.press('Control+Enter');
  await office.page.locator('.toast').waitFor();
  counted.answer = office.did;
  await sendByKeys(office);
  await office.page.locator('main').getByText('Sonuçlandı', { exact: true }).first().waitFor();
  console.log(JSON.stringify(counted));
});
