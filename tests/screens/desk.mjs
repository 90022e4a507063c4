// The desk's screens, each with what is done before the picture. Who is signed in is `as`.
import { fileURLToPath } from 'node:url';

const photo = fileURLToPath(new URL('../fixtures/photos/generated/g-ist-04.jpg', import.meta.url));
const named = (mode, tr, en) => (mode.locale === 'tr' ? tr : en);
const press = async (page, keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

// The decided request's own card offers the same until the next request has opened.
const sendNow = (page, mode) => page.locator('.toast').getByRole('button', { name: named(mode, 'Şimdi gönder', 'Send now') }).click();

/** A desk has a larger screen too; and 200 % text is asked of the screen people look at all day. */
const modes = [
  ...['tr', 'en'].flatMap((locale) => ['light', 'dark'].flatMap((theme) => ['wide', 'tall'].map((size) => ({ locale, theme, size })))),
  { locale: 'tr', theme: 'light', size: 'large' },
  { locale: 'tr', theme: 'dark', size: 'large' },
  { locale: 'tr', theme: 'light', size: 'wide', text: 200 },
];

const screens = [
  { name: 'sign-in', query: 'fake&trouble=signed_out' },
  {
    name: 'sign-in-wrong',
    query: 'fake&trouble=signed_out',
    async prepare(page) {
      await page.locator('input[name=login]').fill('on.inceleme');
      await page.locator('input[name=password]').fill('yanlis');
      await page.keyboard.press('Enter');
      await page.locator('.sign-form .note').waitFor();
    },
  },
  {
    name: 'sign-in-code',
    query: 'fake&trouble=signed_out',
    async prepare(page) {
      await page.locator('input[name=login]').fill('on.inceleme');
      await page.locator('input[name=password]').fill('iki');
      await page.keyboard.press('Enter');
      await page.locator('input[name=code]').fill('111111');
      await page.keyboard.press('Enter');
      await page.locator('.sign-form .note').waitFor();
    },
  },
  { name: 'second-owed', query: 'fake&trouble=owed', ready: '.qr' },
  {
    name: 'second',
    query: 'fake&trouble=second',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Oturum', 'Account'), exact: true }).click();
      await page.locator('dialog summary').click();
      await page.locator('dialog input[name=code]').waitFor();
    },
  },
  { name: 'unreachable', query: 'fake&trouble=offline' },
  { name: 'triage', hash: '#/triage/r2', ready: '.choice' },
  {
    name: 'triage-undo',
    passing: true,
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['Enter']);
      await page.locator('.toast').waitFor();
      await page.locator('.q[aria-current]').waitFor();
    },
  },
  {
    name: 'triage-find',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['y', 'z', 'a']);
      await page.locator('.found li').first().waitFor();
    },
  },
  {
    name: 'triage-ask',
    hash: '#/triage/r5',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['s']);
      await page.locator('textarea').last().fill('Mazgallar caminin hangi cephesinde? Bir fotoğraf daha ekleyebilir misiniz?');
    },
  },
  {
    name: 'triage-conclude',
    hash: '#/triage/r7',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['c']);
      await page.locator('.pick').nth(3).click();
      await press(page, ['Control+Enter']);
      await page.locator('.checks').waitFor();
    },
  },
  {
    name: 'triage-overtaken',
    query: 'fake&trouble=stale',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page, mode) {
      await press(page, ['Enter']);
      await sendNow(page, mode);
      await page.getByText(named(mode, 'sizden önce karar', 'decided before you')).waitFor();
    },
  },
  {
    name: 'session-lost',
    query: 'fake&trouble=lost',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page, mode) {
      await press(page, ['Enter']);
      await sendNow(page, mode);
      await page.locator('dialog[open]').waitFor();
    },
  },
  { name: 'triage-html', hash: '#/triage/r12', ready: 'article .said' },
  { name: 'triage-empty', query: 'fake&trouble=empty', hash: '#/triage', ready: '.blank' },
  { name: 'triage-loading', query: 'fake&trouble=slow', hash: '#/triage', ready: '.skel' },
  {
    name: 'photo',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page) {
      await page.locator('article .photo').first().click();
      await page.locator('.viewer[open]').waitFor();
      await press(page, ['+', 'r']);
    },
  },
  {
    name: 'keys',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['?']);
      await page.locator('dialog[open]').waitFor();
    },
  },
  {
    name: 'account',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Oturum', 'Account'), exact: true }).click();
      await page.locator('dialog[open]').waitFor();
    },
  },
  { name: 'inbox', query: 'fake&as=unit', hash: '#/inbox/all/r14', ready: 'aside .said' },
  {
    name: 'inbox-return',
    query: 'fake&as=unit',
    hash: '#/inbox/all/r14',
    ready: 'aside .said',
    async prepare(page) {
      await press(page, ['i']);
      await page.locator('textarea').fill('Hat İSKİ’ye ait; yağmur suyu ızgarası değil, kanalizasyon bacası.');
    },
  },
  {
    name: 'inbox-plan',
    query: 'fake&as=unit',
    hash: '#/inbox/in_progress/r18',
    ready: 'aside .said',
    async prepare(page) {
      await press(page, ['p']);
      await page.locator('input[type=date]').waitFor();
    },
  },
  { name: 'inbox-empty', query: 'fake&as=unit&trouble=empty', hash: '#/inbox', ready: '.blank' },
  { name: 'request-approve', query: 'fake&as=approver', hash: '#/request/r16', ready: '.way' },
  { name: 'request-triage', hash: '#/request/r4', ready: '.way' },
  { name: 'request-wish', query: 'fake&as=unit', hash: '#/request/r15', ready: '.kin' },
  {
    name: 'triage-duplicate',
    hash: '#/triage/r3',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['c']);
      await page.locator('.pick').nth(5).click();
      await page.locator('[role=combobox]').last().fill('köşesinde');
      await page.locator('.found.card li').first().waitFor();
    },
  },
  { name: 'request-concluded', hash: '#/request/r25', ready: '.way' },
  {
    name: 'answer',
    query: 'fake&as=unit',
    hash: '#/request/r13/answer',
    ready: 'textarea',
    async prepare(page) {
      await page.locator('.pick').first().click();
      await page.locator('textarea').fill('Sayın Muhtarımız,\n\nEğitim Mahallesi’nde bildirdiğiniz göçük 24.11.2026 günü kapatılmış, yol trafiğe açılmıştır.\n\nSorun sürerse bu başvuruya itiraz edebilirsiniz; yeni başvuru gerekmez.');
      await page.locator('input[type=file]').setInputFiles(photo);
      await page.locator('form .photo img').waitFor();
    },
  },
  {
    name: 'intake',
    hash: '#/intake',
    ready: 'form',
    async prepare(page) {
      await page.locator('[role=combobox]').first().fill('rasim');
      await page.locator('.found.card li').first().waitFor();
      await page.keyboard.press('Enter');
      await page.locator('textarea').fill('Arayan, Ilgın Sokak ile Rıhtım Caddesi’nin köşesindeki rögar kapağının dün geceden beri yerinde olmadığını, yaşlı annesinin az kalsın düşeceğini söyledi. Geceleri aydınlatma da yetersiz olduğundan çukur görünmüyor; sabah okula giden çocuklar için de tehlikeli.');
      await page.locator('[role=combobox]').nth(1).fill('rögar');
    },
  },
  {
    name: 'intake-made',
    hash: '#/intake',
    ready: 'form',
    async prepare(page) {
      await page.locator('[role=combobox]').first().fill('rasim');
      await page.locator('.found.card li').first().waitFor();
      await page.keyboard.press('Enter');
      await page.locator('textarea').fill('Rögar kapağı yerinde yok.');
      await press(page, ['Control+Enter']);
      await page.locator('.code-big').waitFor();
    },
  },
  {
    name: 'announcements',
    hash: '#/announcements',
    ready: '.held li',
    async prepare(page) {
      await page.locator('.held .acts button').first().click();
      await page.locator('aside details').waitFor();
    },
  },
  { name: 'announcements-empty', query: 'fake&trouble=empty', hash: '#/announcements', ready: '.blank' },
  {
    name: 'announce',
    hash: '#/announcements',
    ready: '.held li',
    async prepare(page) {
      await press(page, ['n']);
      await page.locator('aside .seg label').nth(1).click();
      await page.locator('aside [role=combobox]').fill('kadı');
      await page.keyboard.press('Enter');
      await page.locator('aside textarea').fill('Perşembe günü 09.00 ile 17.00 arasında Rasimpaşa, Osmanağa ve Caferağa mahallelerinde su verilemeyecektir.');
      await page.locator('aside input[type=checkbox]').check();
      await press(page, ['Control+Enter']);
      await page.locator('.checks').waitFor();
    },
  },
  {
    name: 'announce-undo',
    passing: true,
    hash: '#/announcements',
    ready: '.held li',
    async prepare(page) {
      await press(page, ['n']);
      await page.locator('aside .field input').first().fill('Kar uyarısı');
      await page.locator('aside textarea').fill('Bu gece kar bekleniyor; tuz kutularını denetleyin.');
      await press(page, ['Control+Enter']);
      await page.locator('.held .leaving').waitFor();
    },
  },
  {
    name: 'answer-template',
    query: 'fake&as=unit',
    hash: '#/request/r13/answer',
    ready: 'textarea',
    async prepare(page) {
      await page.locator('.templates summary').click();
      await page.locator('.templates li button').first().click();
      await page.locator('.templates summary').click();
      await page.locator('.templates li').first().waitFor();
    },
  },
  { name: 'all', query: 'fake&as=auditor', hash: '#/all', ready: 'table' },
  { name: 'search-none', hash: '#/all/zzz', ready: '.blank' },
  { name: 'late', query: 'fake&as=auditor', hash: '#/late', ready: 'table' },
  { name: 'late-empty', query: 'fake&as=auditor&trouble=empty', hash: '#/late', ready: '.blank' },
  { name: 'triage-similar', hash: '#/triage/r3', ready: '.kin' },
  { name: 'reports', query: 'fake&as=auditor', hash: '#/reports/2026-08-31..2026-11-24', ready: '.choro path' },
  { name: 'reports-empty', query: 'fake&as=auditor&trouble=empty', hash: '#/reports', ready: '.blank' },
  { name: 'tablets', query: 'fake&as=operator', hash: '#/tablets', ready: 'table' },
  { name: 'quarantine', hash: '#/quarantine', ready: '.held li' },
  {
    name: 'quarantine-undo',
    passing: true,
    hash: '#/quarantine',
    ready: '.held li',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'İçeri al', 'Take in') }).first().click();
      await page.locator('.held .leaving').waitFor();
    },
  },
  { name: 'quarantine-empty', query: 'fake&trouble=empty&as=operator', hash: '#/quarantine', ready: '.blank' },
  {
    name: 'enrol',
    query: 'fake&as=operator',
    hash: '#/tablets',
    ready: 'table',
    async prepare(page, mode) {
      await press(page, ['n']);
      await page.locator('aside.pane input').first().fill('rasim');
      await page.keyboard.press('Enter');
      await page.locator('aside.pane input').nth(1).fill('Muhtar adayı');
      await page.getByRole('button', { name: named(mode, 'Kod oluştur', 'Make a code') }).click();
      await page.locator('.code-big').waitFor();
    },
  },
];

const list = screens.map(({ ready, prepare, ...screen }) => ({
  ...screen,
  modes,
  minTarget: 24,
  async prepare(page, mode) {
    if (ready) await page.locator(ready).first().waitFor();
    await prepare?.(page, mode);
  },
}));
export { list as screens };
