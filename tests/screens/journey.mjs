// One journey at the real desk: node tests/screens/journey.mjs ADDRESS LOGIN PASSWORD NUMBER PHOTO WORDS
//
// A unit's person signs in at a real server in Debian's Chromium, finds the request by its number, accepts
// it, answers it with a photo from the spot, and sees it concluded. Anything that goes wrong in between, in
// the page or on the line, ends it.
import { play, seat, sendNow } from './browser.mjs';

const [address, login, password, number, photo, words] = process.argv.slice(2);

await play(async (browser, troubles) => {
  const page = await seat(browser, address, login, password, troubles);
  const button = (name) => page.getByRole('button', { name }).first();
  const state = (name) => page.locator('main').getByText(name, { exact: true }).first().waitFor();
  // A step can be taken back for ten seconds; nobody here wants to. The states' names stand on the tabs too: it was sent
  // when its notice has gone.
  const now = () => sendNow(page);

  await page.getByRole('link', { name: number }).first().click();
  await page.keyboard.press('e');
  await state('Yönlendirildi');
  await button('Kabul et').click();
  await now();
  await state('İşlemde');
  await button('Cevap yaz').click();
  await page.getByText('Yapıldı', { exact: true }).first().click();
  await page.locator('textarea').fill(words);
  await page.locator('input[type=file]').setInputFiles(photo);
  await page.locator('form .photo img').waitFor();
  await page.keyboard.press('Control+Enter');
  await now();
  await state('Sonuçlandı');
});
