// What is typed at the desk is words everywhere: node tests/screens/typed.mjs ADDRESS OPERATOR TRIAGE PASSWORD REQUEST
//
// At a real server whose every name, note, reason and text is HTML, in Debian's Chromium: each page that shows one of them is
// opened, a table with a wicked name is loaded, and no element may come of any of it.
import { play, seat } from './browser.mjs';

const [address, operator, triage, password, request] = process.argv.slice(2);
const WICKED = '../../keys "><img src=x onerror="evil=1">.csv';

await play(async (browser, troubles) => {
  /** The text is there to read, and nothing of it is more than text. */
  async function harmless(page, where) {
    await page.getByText('<b data-evil', { exact: false }).first().waitFor().catch(() => troubles.push(`${where}: nothing of what was typed stands there`));
    const evil = await page.evaluate(() => document.querySelectorAll('[data-evil], [src="x"]').length + Number(Boolean(self.evil)));
    if (evil) troubles.push(`${where}: ${evil} elements of what was typed`);
  }

  const office = await seat(browser, address, operator, password, troubles);
  for (const where of ['accounts', 'accounts/keys', 'announcements', 'rules/versions', 'rules/calendar', 'units/versions', 'units/directory', 'all', 'reports', `request/${request}`]) {
    await office.goto(`${address}/desk/#/${where}`);
    await harmless(office, where);
  }
  await office.goto(`${address}/desk/#/units/directory`);
  const table = await office.evaluate(() => fetch('/desk/api/directory.csv').then((answer) => answer.text()));
  await office.locator('input[type=file]').setInputFiles({ name: WICKED, mimeType: 'text/csv', buffer: Buffer.from(table) });
  await office.getByText(WICKED, { exact: false }).first().waitFor();
  await harmless(office, 'a table with a wicked name');

  const desk = await seat(browser, address, triage, password, troubles);
  for (const where of ['all', 'announcements', 'reports', `request/${request}`, `request/${request}/order`]) {
    await desk.goto(`${address}/desk/#/${where}`);
    await harmless(desk, `${where}, for triage`);
  }
});
