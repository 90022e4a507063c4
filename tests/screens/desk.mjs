// The desk's screens, each with what is done before the picture. Who is signed in is `as`.
import { fileURLToPath } from 'node:url';
import { choose } from './browser.mjs';

const photo = fileURLToPath(new URL('../fixtures/photos/generated/g-ist-04.jpg', import.meta.url));
const named = (mode, tr, en) => (mode.locale === 'tr' ? tr : en);
const press = async (page, keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

/** Loads a table of units, as a person who chooses a file. */
const load = (page, text) => page.locator('input[type=file]').setInputFiles({ name: 'mbs-birimler-2026-11.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });

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
  { name: 'sign-in-provider', query: 'fake&trouble=signed_out&provider=Belediye+hesab%C4%B1', ready: '.or' },
  {
    name: 'sign-in-provider-away',
    query: 'fake&trouble=signed_out&provider=Belediye+hesab%C4%B1',
    ready: '.or',
    async prepare(page) {
      await page.locator('.or + button').click();
      await page.locator('.sign-form .note').waitFor();
    },
  },
  { name: 'sign-in-provider-unknown', query: 'fake&trouble=signed_out&provider=Belediye+hesab%C4%B1&sign-in=unknown', ready: '.note' },
  {
    name: 'sign-in-provider-code',
    query: 'fake&trouble=signed_out&provider=Belediye+hesab%C4%B1&sign-in=code',
    ready: 'input[name=code]',
    async prepare(page) {
      await page.locator('input[name=code]').fill('111111');
      await page.keyboard.press('Enter');
      await page.locator('.note.wait').waitFor();
    },
  },
  {
    name: 'session-lost-provider',
    query: 'fake&trouble=lost&provider=Belediye+hesab%C4%B1',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page, mode) {
      await press(page, ['Enter']);
      await sendNow(page, mode);
      await page.locator('dialog[open] .or').waitFor();
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
      await page.locator('dialog summary').first().click();
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
  {
    name: 'inbox-task',
    query: 'fake&as=unit',
    hash: '#/inbox/in_progress/r18',
    ready: 'aside .said',
    async prepare(page) {
      await press(page, ['a']);
      await choose(page, page.locator('aside [role=combobox]'), 'zabıta');
      await page.locator('aside textarea').fill('Kaldırıma konan büfe ve masalar kaldırılsın; taşlar döşenirken alan boş olmalı.');
    },
  },
  {
    name: 'inbox-tasks',
    query: 'fake&as=unit',
    hash: '#/inbox/tasks/r27',
    ready: 'aside .said',
    async prepare(page) {
      await press(page, ['c']);
      await page.locator('aside textarea').fill('Meydanın 38 m² parke taşı yeniden döşendi, derzleri dolduruldu.');
    },
  },
  { name: 'inbox-tasks-empty', query: 'fake&as=approver&trouble=empty', hash: '#/inbox/tasks', ready: '.blank' },
  { name: 'request-tasks', query: 'fake&as=unit', hash: '#/request/r18', ready: '.way' },
  {
    name: 'inbox-together',
    query: 'fake&as=unit',
    hash: '#/inbox/all/r14',
    ready: 'aside .said',
    async prepare(page) {
      await press(page, ['x', 'j', 'x', 'j', 'x', 'j', 'x']);
      await page.locator('aside .pick').nth(2).click();
      await page.locator('aside input[type=date]').fill('2026-12-18');
      await page.locator('aside .pane-body .btn.primary').click();
      await page.locator('.foreseen li').first().waitFor();
    },
  },
  {
    name: 'triage-together',
    passing: true,
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page) {
      await press(page, ['x', 'j', 'x', 'j', 'x']);
      await page.locator('aside .pick').first().click();
      await choose(page, page.locator('aside [role=combobox]'), 'yol bakım');
      await page.locator('aside .pane-body .btn.primary').click();
      await page.locator('.foreseen li').first().waitFor();
      await page.locator('aside .pane-foot .btn.primary').click();
      await page.locator('.toast').waitFor();
    },
  },
  { name: 'order', query: 'fake&as=unit', hash: '#/request/r18/order', ready: '.sheet .map path' },
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
    name: 'request-around',
    hash: '#/request/r2',
    ready: '.m-dot',
    async prepare(page, mode) {
      await page.getByText(named(mode, 'Bu yerde daha önce', 'Earlier at this place')).scrollIntoViewIfNeeded();
    },
  },
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
    name: 'answer-institution',
    hash: '#/request/r26/answer',
    ready: 'textarea',
    async prepare(page) {
      await page.locator('.pick').first().click();
      await page.locator('form input[type=date]').fill('2026-11-23');
      await page.locator('form input[maxlength="60"]').fill('E-48215');
      await page.locator('textarea').fill('Konteynerler 23.11.2026 günü boşaltılmış, gün aşırı toplama programına alınmıştır.');
    },
  },
  { name: 'request-external', hash: '#/request/r26', ready: '.way' },
  {
    name: 'intake',
    hash: '#/intake',
    ready: 'form',
    async prepare(page) {
      await choose(page, page.locator('[role=combobox]').first(), 'rasim');
      await page.locator('textarea').fill('Arayan, Ilgın Sokak ile Rıhtım Caddesi’nin köşesindeki rögar kapağının dün geceden beri yerinde olmadığını, yaşlı annesinin az kalsın düşeceğini söyledi. Geceleri aydınlatma da yetersiz olduğundan çukur görünmüyor; sabah okula giden çocuklar için de tehlikeli.');
      await page.locator('[role=combobox]').nth(1).fill('rögar');
    },
  },
  {
    name: 'intake-made',
    hash: '#/intake',
    ready: 'form',
    async prepare(page) {
      await choose(page, page.locator('[role=combobox]').first(), 'rasim');
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
  { name: 'search-none', hash: '#/all?q=zzz', ready: '.blank' },
  {
    name: 'all-muhtarlik',
    query: 'fake&as=auditor',
    hash: '#/all?muhtarlik=kadikoy-rasimpasa',
    ready: 'table',
  },
  {
    name: 'accounts-external',
    query: 'fake&as=operator',
    hash: '#/accounts',
    ready: 'table',
    async prepare(page) {
      await page.getByRole('button', { name: 'yol.bakim', exact: true }).click();
      await page.locator('aside details summary').nth(1).click();
    },
  },
  {
    name: 'all-filtered',
    query: 'fake&as=auditor',
    hash: '#/all?q=kald%C4%B1r%C4%B1m&state=in_progress',
    ready: 'table',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Süzgeci sakla', 'Keep this filter') }).click();
      await page.locator('.kept-filters li').waitFor();
    },
  },
  { name: 'late-soon', query: 'fake&as=auditor', hash: '#/late?percent=50', ready: 'table' },
  { name: 'late', query: 'fake&as=auditor', hash: '#/late', ready: 'table' },
  { name: 'late-empty', query: 'fake&as=auditor&trouble=empty', hash: '#/late', ready: '.blank' },
  { name: 'triage-similar', hash: '#/triage/r3', ready: '.kin' },
  { name: 'reports', query: 'fake&as=auditor', hash: '#/reports/2026-08-31..2026-11-24', ready: '.choro path' },
  {
    name: 'reports-district',
    query: 'fake&as=auditor',
    hash: '#/reports/2026-08-31..2026-11-24',
    ready: '.choro path',
    async prepare(page) {
      await page.locator('.top5 button').first().click();
      await page.locator('.choro:not(.pickable) path').first().waitFor();
    },
  },
  {
    name: 'reports-refusals',
    query: 'fake&as=auditor',
    hash: '#/reports/2026-08-31..2026-11-24',
    ready: '.refusals',
    async prepare(page) {
      await page.locator('.refusals').scrollIntoViewIfNeeded();
    },
  },
  { name: 'reports-empty', query: 'fake&as=auditor&trouble=empty', hash: '#/reports', ready: '.blank' },
  { name: 'tablets', query: 'fake&as=operator', hash: '#/tablets', ready: 'table' },
  { name: 'tablets-triage', query: 'fake&as=triage', hash: '#/tablets', ready: 'table' },
  {
    name: 'rules',
    hash: '#/rules',
    ready: 'table',
    async prepare(page, mode) {
      await page.locator('.strip input').fill('ızgara');
      await page.locator('tbody .btn.name').first().click();
      await page.locator('aside .pick').first().click();
      await choose(page, page.locator('aside [role=combobox]').first(), 'iski');
      await page.getByRole('button', { name: named(mode, 'Önce dene', 'Rehearse first') }).click();
      await page.locator('.ways li').first().waitFor();
      await page.locator('aside textarea').fill('Izgara ve mazgal bakımı protokolle İSKİ’ye geçti.');
    },
  },
  { name: 'rules-read', query: 'fake&as=auditor', hash: '#/rules', ready: 'table' },
  { name: 'rules-versions', hash: '#/rules/versions', ready: 'table' },
  { name: 'units', query: 'fake&as=operator', hash: '#/units', ready: 'table' },
  { name: 'units-own', query: 'fake&as=approver', hash: '#/units', ready: 'table' },
  { name: 'directory-read', query: 'fake&as=auditor', hash: '#/units/directory', ready: 'table' },
  {
    name: 'directory-edit',
    query: 'fake&as=operator',
    hash: '#/units/directory',
    ready: 'table',
    async prepare(page) {
      await page.locator('.strip input[type=search]').fill('yol bakım');
      await page.locator('tbody .btn.name').first().click();
      await page.locator('aside .check input').check();
      await choose(page, page.locator('aside [role=combobox]').last(), 'yol bakım');
    },
  },
  {
    name: 'directory-difference',
    query: 'fake&as=operator',
    hash: '#/units/directory',
    ready: 'table',
    async prepare(page) {
      await load(page, 'kod;ad;ad (İngilizce);tür');
      await page.locator('.reorganised').first().waitFor();
      await page.locator('aside textarea').fill('Meclis kararı 2026/1184');
    },
  },
  {
    name: 'directory-problems',
    query: 'fake&as=operator',
    hash: '#/units/directory',
    ready: 'table',
    async prepare(page) {
      await load(page, 'kod;ad;ad (İngilizce);tür\nmd-yok');
      await page.locator('.note.alarm').waitFor();
    },
  },
  { name: 'directory-versions', query: 'fake&as=operator', hash: '#/units/versions', ready: 'table' },
  {
    name: 'calendar',
    hash: '#/rules/calendar',
    ready: 'table',
    async prepare(page) {
      await page.locator('aside input[type=date]').fill('2027-02-15');
      await page.locator('aside input').nth(1).fill('Kar nedeniyle idari izin');
      await page.locator('aside .pick').nth(1).click();
    },
  },
  { name: 'accounts', query: 'fake&as=operator', hash: '#/accounts', ready: 'table' },
  {
    name: 'accounts-new',
    query: 'fake&as=operator',
    hash: '#/accounts',
    ready: 'table',
    async prepare(page, mode) {
      await press(page, ['n']);
      await page.locator('aside.pane input').first().fill('ukome.masa');
      await page.locator('aside.pane input').nth(1).fill('UKOME başvuru masası');
      await choose(page, page.locator('aside.pane [role=combobox]'), 'ulaşım');
      await page.getByRole('button', { name: named(mode, 'Ekle, geçici parola oluştur', 'Add, make a password for now') }).click();
      await page.locator('.secret').waitFor();
    },
  },
  {
    name: 'accounts-districts',
    query: 'fake&as=operator',
    hash: '#/accounts',
    ready: 'table',
    async prepare(page) {
      await page.getByRole('button', { name: 'on.inceleme.2' }).click();
      await page.locator('aside.pane summary').first().click();
      await page.locator('aside.pane [role=combobox]').fill('ata');
      await page.locator('aside.pane [role=option]').first().waitFor();
    },
  },
  { name: 'inbox-hands', query: 'fake&as=head', hash: '#/inbox?hand=4', ready: 'aside table' },
  { name: 'health', query: 'fake&as=operator', hash: '#/health', ready: 'table' },
  {
    name: 'tablets-replace',
    query: 'fake&as=operator',
    hash: '#/tablets',
    ready: 'table',
    async prepare(page, mode) {
      await page.getByRole('button', { name: mode.locale === 'tr' ? /yenisiyle değiştir$/ : /^Replace tablet/ }).first().click();
      await page.locator('aside.pane .btn.primary').waitFor();
    },
  },
  { name: 'triage-district', query: 'fake&as=triage&district=kadikoy', hash: '#/triage', ready: '.pane' },
  {
    name: 'accounts-change',
    query: 'fake&as=operator',
    hash: '#/accounts',
    ready: 'table',
    async prepare(page) {
      await page.getByRole('button', { name: 'yol.bakim.onay' }).click();
      await page.locator('aside.pane .btn.alarm').waitFor();
    },
  },
  { name: 'accounts-keys', query: 'fake&as=auditor', hash: '#/accounts/keys', ready: 'table' },
  {
    name: 'accounts-key-new',
    query: 'fake&as=operator',
    hash: '#/accounts/keys',
    ready: 'table',
    async prepare(page, mode) {
      await press(page, ['n']);
      await page.locator('aside.pane input').first().fill('ukome-panosu-2');
      await choose(page, page.locator('aside.pane [role=combobox]'), 'ulaşım');
      await page.getByRole('button', { name: named(mode, 'Oluştur', 'Make it'), exact: true }).click();
      await page.locator('.secret').waitFor();
    },
  },
  {
    name: 'password',
    hash: '#/triage/r2',
    ready: '.choice',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Oturum', 'Account'), exact: true }).click();
      await page.locator('dialog summary').last().click();
      await page.locator('dialog input[type=password]').first().fill('yanlis');
      await page.locator('dialog input[type=password]').nth(1).fill('yedi tepe üstüne');
      await page.locator('dialog form button').click();
      await page.locator('dialog .note.alarm').waitFor();
    },
  },
  {
    name: 'tablets-revoke',
    passing: true,
    query: 'fake&as=operator',
    hash: '#/tablets',
    ready: 'table',
    async prepare(page) {
      await page.locator('tbody tr .btn.quiet').nth(1).click();
      await page.locator('.leaving').waitFor();
    },
  },
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

/** Pages that ask for something, and by whom they are seen here. */
const pages = {
  triage: 'triage', inbox: 'unit', intake: 'triage', late: 'auditor', all: 'auditor', reports: 'auditor', announcements: 'triage', tablets: 'operator', quarantine: 'operator',
  accounts: 'operator', 'accounts/keys': 'operator', rules: 'operator', 'rules/versions': 'operator', 'rules/calendar': 'operator', units: 'operator', 'units/directory': 'operator',
  'units/versions': 'operator', health: 'operator', 'inbox/tasks': 'unit', 'request/r2': 'triage', 'request/r16/order': 'unit', 'request/r14/answer': 'unit',
};
/** Each of them while the answer is awaited and when there was none; what is empty where it can be stands above, or here. */
const awaited = Object.entries(pages).flatMap(([page, as]) =>
  ['slow', 'broken', 'empty'].map((trouble) => ({ name: `${trouble}-${page.replaceAll('/', '-')}`, query: `fake&as=${as}&trouble=${trouble}`, hash: `#/${page}`, ready: 'main', few: true })),
);
const few = [{ locale: 'tr', theme: 'light', size: 'wide' }, { locale: 'en', theme: 'dark', size: 'tall' }];

const list = [...screens, ...awaited].map(({ ready, prepare, few: fewer, ...screen }) => ({
  ...screen,
  modes: fewer ? few : modes,
  minTarget: 24,
  async prepare(page, mode) {
    if (ready) await page.locator(ready).first().waitFor();
    await prepare?.(page, mode);
  },
}));
export { list as screens };
