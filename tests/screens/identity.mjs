// Signing in by an identity provider: node tests/screens/identity.mjs ADDRESS there|away ACCOUNT LOGIN PASSWORD
//
// In Debian's Chromium, at a real server and a real OpenID provider with its own pages. `there`: somebody comes to a page of
// the desk, signs in at the provider and stands on that page; his session ends in the middle of work, and he signs in beside
// it; somebody whom the desk does not know is told so. `away`: the provider does not answer, and the password does.
import { person, play } from './browser.mjs';

const [address, how, account, login, password] = process.argv.slice(2);

const elsewhere = (page) => page.getByRole('button', { name: 'Kurum hesabı ile gir' });
/** At the provider's own pages: signs in, and agrees. */
async function through(page, name) {
  // Its fields are called as the desk's own are.
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('x');
  await page.locator('button[type=submit]').click();
  await page.locator('input[name=prompt][value=consent]').waitFor({ state: 'attached' });
  await page.locator('button[type=submit]').click();
}

await play(async (browser, troubles) => {
  const page = await person(browser, troubles);
  await page.goto(`${address}/desk/#/all?q=deneme`);
  if (how === 'there') {
    await elsewhere(page).click();
    await through(page, account);
    await page.locator('.rail').waitFor();
    const at = new URL(page.url());
    if (at.hash !== '#/all?q=deneme' || at.search) troubles.push(`he stands at ${at.href}`);
    const kept = (await page.context().cookies(`${address}/desk/`)).filter(({ name }) => name.startsWith('mbs'));
    const [session] = kept;
    if (kept.length !== 1 || session.name !== 'mbs_session' || session.sameSite !== 'Strict' || !session.httpOnly) troubles.push(`cookies: ${JSON.stringify(kept)}`);

    // The session ends in the middle of work: the provider's page opens beside it, and knows him.
    await page.context().clearCookies({ name: 'mbs_session' });
    await page.goto(`${address}/desk/#/triage`);
    await page.locator('dialog[open]').waitFor();
    const opened = page.context().waitForEvent('page');
    await elsewhere(page).click();
    const beside = await opened;
    await beside.locator('.rail').waitFor();
    await beside.close();
    await page.bringToFront();
    // Browsers without a window know no focus.
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await page.locator('dialog[open]').waitFor({ state: 'detached' });

    const stranger = await person(browser, troubles);
    await stranger.goto(`${address}/desk/`);
    await elsewhere(stranger).click();
    await through(stranger, 'yabanci');
    await stranger.getByText('Bu hesap masada kimseye bağlı değil', { exact: false }).waitFor();
    if (new URL(stranger.url()).search) troubles.push('the word stays in the address');
  } else {
    await elsewhere(page).click();
    await page.getByText('Kimlik sunucusu şu anda yanıt vermiyor', { exact: false }).waitFor();
    await page.getByLabel('Kullanıcı adı').fill(login);
    await page.getByLabel('Parola', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Gir', exact: true }).click();
    await page.locator('.rail').waitFor();
    if (new URL(page.url()).hash !== '#/all?q=deneme') troubles.push(`he stands at ${page.url()}`);
  }
});
