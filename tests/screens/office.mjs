// A day at the real desk: node tests/screens/office.mjs ADDRESS OPERATOR TRIAGE PASSWORD UNIT
//
// At a real server in Debian's Chromium: an operator lets somebody in and switches his unit to approval; triage enters
// three requests by telephone, sends two of them to that unit at once, shortens a category's time and adds a day off;
// the new person accepts both at once, gives a part of one to another unit and looks at its work order. What is on the
// server afterwards, the story asks itself.
import { choose, play, seat, sendNow } from './browser.mjs';

const [address, operator, triage, password, unit] = process.argv.slice(2);

const button = (page, name) => page.getByRole('button', { name }).first();
const go = (page, to) => page.goto(`${address}/desk/#/${to}`);
/** Picks the first two of a list, and looks what `action` would do to them before it is done. */
async function together(page, action, fill = async () => {}) {
  for (const nth of [0, 1]) await page.locator('li .pickbox input, tbody .pickbox input').nth(nth).check();
  await page.locator('aside .pick', { hasText: action }).click();
  await fill();
  await button(page, 'Önce göster').click();
  await page.locator('.foreseen li .t-ok').nth(1).waitFor();
  await page.locator('aside .pane-foot .btn.primary').click();
  await sendNow(page);
}

await play(async (browser, troubles) => {
  const office = await seat(browser, address, operator, password, troubles);
  await go(office, 'accounts');
  await button(office, /Kişi ekle/).click();
  const fields = office.locator('aside.pane input');
  await fields.nth(0).fill('Yeni.Masa');
  await fields.nth(1).fill('Yeni masa');
  await choose(office, office.locator('aside.pane [role=combobox]'), unit);
  await button(office, /Ekle, geçici/).click();
  const secret = (await office.locator('.secret').textContent()).trim();
  await go(office, 'units');
  await office.locator('.strip input').fill(unit);
  const approval = office.locator('tbody input[type=checkbox]').first();
  await Promise.all([office.waitForResponse((answer) => answer.request().method() === 'POST'), approval.check()]);

  const desk = await seat(browser, address, triage, password, troubles);
  for (const words of ['Sahildeki levha devrilmiş.', 'Merdivenin basamağı oynuyor.', 'Köşede bir direk eğilmiş.']) {
    await go(desk, 'triage');
    // Two addresses in one breath would be one to the page, and what was entered before would stand there still.
    await desk.locator('.code-big').waitFor({ state: 'detached' });
    await go(desk, 'intake');
    await choose(desk, desk.locator('[role=combobox]').first(), 'rasim');
    await desk.locator('textarea').fill(words);
    await desk.keyboard.press('Control+Enter');
    await desk.locator('.code-big').waitFor();
  }
  await go(desk, 'triage');
  await desk.locator('.q').nth(2).waitFor();
  await together(desk, 'Yönlendir', () => choose(desk, desk.locator('aside [role=combobox]'), unit));
  await go(desk, 'rules');
  await desk.locator('.strip input').fill('çukur');
  await desk.locator('tbody .btn.name').first().click();
  await desk.locator('aside input[type=number]').fill('4');
  await desk.locator('aside input[type=number]').blur();
  await button(desk, 'Önce dene').click();
  await desk.locator('aside textarea').fill('Kış tarifesi');
  await button(desk, 'Yürürlüğe koy').click();
  await desk.locator('tbody .chip', { hasText: 'Değiştirilmiş' }).waitFor();
  await go(desk, 'rules/calendar');
  await desk.locator('aside input[type=date]').fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10));
  await desk.locator('aside input').nth(1).fill('İdari izin');
  await button(desk, 'Kaydet').click();
  await desk.locator('tbody').getByText('İdari izin').waitFor();

  // However a name is typed, it is found.
  const person = await seat(browser, address, 'yeni.masa', secret, troubles);
  await person.locator('tbody tr').nth(1).waitFor();
  await together(person, 'Kabul et');
  await person.locator('tbody').getByText('İşlemde').nth(1).waitFor();
  await person.locator('tbody a').first().click();
  await person.locator('aside .said').waitFor();
  await button(person, /Alt iş ver/).click();
  await choose(person, person.locator('aside [role=combobox]'), 'zabıta');
  await person.locator('aside textarea').fill('Masalar kaldırılsın.');
  await person.keyboard.press('Control+Enter');
  await sendNow(person);
  await person.locator('aside article.card', { hasText: 'Masalar kaldırılsın.' }).waitFor();
  await person.getByRole('link', { name: /Tam sayfa/ }).click();
  await person.getByRole('link', { name: /İş emri/ }).click();
  await person.waitForFunction(() => document.querySelector('.sheet header img')?.naturalWidth > 0);
});
