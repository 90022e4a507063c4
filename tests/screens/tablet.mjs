// The tablet's screens, each with what is done before the picture.
import { fileURLToPath } from 'node:url';

export async function prepareContext(context) {
  await context.grantPermissions(['geolocation', 'microphone', 'camera', 'clipboard-write']);
  await context.setGeolocation({ latitude: 40.9975, longitude: 29.0263, accuracy: 12 });
}

/** For steps of a way whose parts stand in other pictures in all modes. */
const few = [
  { locale: 'tr', theme: 'light', size: 'wide' },
  { locale: 'en', theme: 'dark', size: 'tall' },
  { locale: 'tr', theme: 'light', size: 'wide', text: 200 },
];

const named = (mode, tr, en) => (mode.locale === 'tr' ? tr : en);

async function objectByPhoto(page, mode) {
  await page.getByRole('button', { name: named(mode, 'Hayır, itiraz ediyorum', 'No, I object') }).click();
  await page.locator('.answer input[type=file]').first().setInputFiles([{ name: 'yama.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(60_000, 7) }]);
  await page.locator('.answer form .photo-open').waitFor();
}

export const screens = [
  { name: 'start', daily: true, query: 'fake=start' },
  {
    name: 'start-confirm',
    query: 'fake=start',
    async prepare(page) {
      await page.locator('input.input').nth(0).fill('mbs.belediye.example');
      await page.locator('input.input').nth(1).fill('ABCD-1234');
      await page.locator('button[type=submit]').click();
      await page.locator('dl.rows').waitFor();
    },
  },
  {
    name: 'start-code',
    query: 'fake=start',
    async prepare(page, mode) {
      await page.getByLabel(named(mode, 'Karekodu okut', 'Read the QR code')).setInputFiles(fileURLToPath(new URL('../fuzz/corpus/qr/enrolment.jpg', import.meta.url)));
      await page.locator('dl.rows').waitFor();
    },
  },
  {
    name: 'start-no-code',
    modes: few,
    query: 'fake=start',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Devam', 'Continue') }).waitFor();
      await page.locator('input[type=file]').first().setInputFiles([{ name: 'x.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') }]);
      await page.locator('[role=alert]').waitFor();
    },
  },
  { name: 'home', daily: true },
  { name: 'home-empty', query: 'fake=empty' },
  { name: 'home-shared', modes: few, query: 'fake=photo_unreadable&handed' },
  { name: 'home-trouble', query: 'fake=trouble' },
  { name: 'home-notice', modes: few, settings: { notice: '' } },
  { name: 'notice', hash: '#/notice', settings: { notice: '' } },
  { name: 'guide', daily: true, hash: '#/guide' },
  {
    name: 'guide-last',
    modes: few,
    hash: '#/guide',
    async prepare(page, mode) {
      for (let i = 0; i < 2; i++) await page.getByRole('button', { name: named(mode, 'Devam', 'Continue') }).click();
      await page.getByRole('button', { name: named(mode, 'Bir deneme yap', 'Practise once') }).waitFor();
    },
  },
  {
    name: 'practice',
    hash: '#/guide',
    async prepare(page, mode) {
      await practise(page, mode);
      await page.locator('textarea').fill('Deneme: kaldırım taşları yerinden oynamış.');
    },
  },
  {
    name: 'practised',
    modes: few,
    hash: '#/guide',
    async prepare(page, mode) {
      await practise(page, mode);
      await page.locator('textarea').fill('Deneme');
      await page.getByRole('button', { name: named(mode, 'Gönder', 'Send'), exact: true }).click();
      await page.getByRole('heading', { name: named(mode, 'Deneme tamam', 'Practice done') }).waitFor();
    },
  },
  { name: 'locked', query: 'fake=locked' },
  {
    name: 'locked-wrong',
    modes: few,
    query: 'fake=locked',
    async prepare(page, mode) {
      for (const key of ['1', '1', '1', '1']) await page.getByRole('button', { name: key, exact: true }).click();
      await page.getByRole('button', { name: named(mode, 'Aç', 'Open'), exact: true }).click();
      await page.locator('.error-text').waitFor();
    },
  },
  { name: 'locked-wait', query: 'fake=waiting' },
  {
    name: 'locked-forgotten',
    modes: few,
    query: 'fake=locked',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'PIN’i unuttum', 'I forgot the PIN') }).click();
      await page.locator('input.code').waitFor();
    },
  },
  {
    name: 'unlocked',
    modes: few,
    query: 'fake=locked',
    hash: '#/request/r49',
    async prepare(page, mode) {
      await page.locator('.pin-digits').fill('2580');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: named(mode, 'Evet, tamam', 'Yes, it is done') }).waitFor();
    },
  },
  {
    name: 'home-search',
    async prepare(page) {
      await page.locator('input[type=search]').fill('mazgal degirmeni yok');
      await page.locator('.empty').waitFor();
    },
  },
  {
    name: 'home-map',
    daily: true,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Haritada göster', 'Show on the map') }).click();
      await page.locator('.m-req .m-one').first().waitFor();
      await page.locator('.map').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'home-map-several',
    modes: few,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Haritada göster', 'Show on the map') }).click();
      await page.locator('.m-req .m-one').first().waitFor();
      for (let n = 0; n < 4 && !(await page.locator('.m-many').count()); n++) {
        await page.getByRole('button', { name: named(mode, 'Uzaklaştır', 'Zoom out') }).click();
        await page.waitForTimeout(400);
      }
      await page.locator('.m-req', { has: page.locator('.m-many') }).first().click();
      await page.locator('.map-tall ~ .stack .req').first().scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'new',
    daily: true,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.locator('textarea').fill('Rıhtım Caddesi’nde eczanenin önündeki mazgallar yaprak ve çöple dolmuş, su gitmiyor. Dün akşamki yağmurda üç dükkâna su girdi. Yaşlılar karşıya geçemiyor.');
      await page.locator('input[type=file]').first().setInputFiles([{ name: 'mazgal.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(600_000, 7) }]);
      await page.locator('.photo .corner').waitFor();
      await page.locator('.choice input[type=radio]').first().check();
      await page.locator('.facts b').waitFor();
    },
  },
  {
    name: 'new-templates',
    daily: true,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.locator('.chips .chip').first().waitFor();
    },
  },
  {
    name: 'templates',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.getByRole('button', { name: named(mode, 'Düzenle', 'Edit'), exact: true }).click();
      await page.locator('.template').first().waitFor();
    },
  },
  {
    name: 'new-voice',
    passing: true,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.getByRole('button', { name: named(mode, 'Sesli not', 'Voice note') }).click();
      await page.locator('.voice.live progress').waitFor();
      await page.locator('.voice.live').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'new-voice-kept',
    modes: few,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.getByRole('button', { name: named(mode, 'Sesli not', 'Voice note') }).click();
      await page.getByRole('timer').filter({ hasText: '0:01' }).waitFor();
      await page.getByRole('button', { name: named(mode, 'Bitir', 'Finish') }).click();
      await page.locator('figure.voice').waitFor();
      await page.locator('figure.voice').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'cover',
    hash: '#/draft/r58',
    async prepare(page, mode) {
      await page.locator('.photo-open').first().click();
      await page.getByRole('button', { name: named(mode, 'Yüz veya plakayı ört', 'Cover a face or a plate') }).click();
      await page.locator('.cover-stage img').evaluate((image) => image.decode());
      const stage = await page.locator('.cover-stage img').boundingBox();
      for (const [x, y, width, height] of [[0.2, 0.3, 0.12, 0.16], [0.6, 0.62, 0.2, 0.1]]) {
        await page.mouse.move(stage.x + x * stage.width, stage.y + y * stage.height);
        await page.mouse.down();
        await page.mouse.move(stage.x + (x + width) * stage.width, stage.y + (y + height) * stage.height, { steps: 3 });
        await page.mouse.up();
      }
      if ((await page.locator('.area').count()) !== 2) throw new Error(`the finger drew ${await page.locator('.area').count()} areas: ${JSON.stringify(stage)}`);
    },
  },
  {
    name: 'photo-order',
    hash: '#/draft/r58',
    modes: few,
    async prepare(page, mode) {
      for (const file of ['a.jpg', 'b.jpg']) {
        const count = await page.locator('.photo .corner').count();
        await page.locator('input[type=file]').first().setInputFiles([{ name: file, mimeType: 'image/jpeg', buffer: Buffer.alloc(60_000, 7) }]);
        await page.locator('.photo .corner').nth(count).waitFor();
      }
      await page.locator('.photo-open').nth(2).click();
      for (let n = 0; n < 2; n++) await page.getByRole('button', { name: named(mode, 'Öne al', 'Move forward') }).click();
      await page.getByText(named(mode, 'Listede bu fotoğraf görünür.', 'This photo is shown in the list.')).waitFor();
    },
  },
  {
    name: 'covered',
    modes: few,
    hash: '#/draft/r58',
    async prepare(page, mode) {
      await page.locator('.photo-open').first().click();
      await page.getByRole('button', { name: named(mode, 'Yüz veya plakayı ört', 'Cover a face or a plate') }).click();
      await page.getByRole('button', { name: named(mode, 'Ortaya ekle', 'Add one in the middle') }).click();
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Shift+ArrowDown');
      await page.getByRole('button', { name: named(mode, 'Ört', 'Cover'), exact: true }).click();
      await page.locator('.photo-view').waitFor();
    },
  },
  {
    name: 'new-halves',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.locator('textarea').fill('Rıhtım Caddesi’nde üç sokak lambası yanmıyor, geceleri zifiri karanlık. Ayrıca fırının önündeki rögar kapağı kırık.');
      await page.getByRole('button', { name: named(mode, 'İkiye ayır', 'Make two') }).waitFor();
    },
  },
  {
    name: 'new-split',
    modes: few,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.locator('textarea').fill('Üç sokak lambası yanmıyor. Ayrıca rögar kapağı kırık.');
      await page.getByRole('button', { name: named(mode, 'İkiye ayır', 'Make two') }).click();
      await page.locator('.undo').waitFor();
      if ((await page.locator('textarea').inputValue()) !== 'Üç sokak lambası yanmıyor.') throw new Error('not split');
    },
  },
  {
    name: 'new-outside',
    daily: true,
    async prepare(page, mode) {
      await page.context().setGeolocation({ latitude: 40.984, longitude: 29.0256, accuracy: 35 });
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.locator('.banner').waitFor();
      await page.locator('.banner').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'new-similar',
    daily: true,
    hash: '#/draft/r58',
    async prepare(page) {
      await page.locator('.choice input[type=radio]').first().check();
      await page.locator('.similar li').first().waitFor();
      await page.locator('.similar').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'new-added',
    hash: '#/draft/r58',
    modes: few,
    async prepare(page, mode) {
      await page.locator('.choice input[type=radio]').first().check();
      await page.getByRole('button', { name: named(mode, 'Buna ekle: Osmanağa', 'Add to this: Reported') }).click();
      await page.getByText(named(mode, 'Osmanağa muhtarlığının başvurusuna eklenecek', 'Will be added to the request of the muhtar of Osmanağa')).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'new-discreet',
    hash: '#/draft/r58',
    modes: few,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Başka konu seç', 'Choose another') }).click();
      await page.locator('.sheet input[type=search]').fill('asayis');
      await page.locator('.sheet .list button').first().click();
      await page.getByText(named(mode, 'kendiliğinden işaretlendi', 'Ticked by itself')).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'new-empty',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.getByRole('button', { name: named(mode, 'Gönder', 'Send'), exact: true }).click();
      await page.locator('.sendbar [role=alert]').waitFor();
    },
  },
  {
    name: 'category',
    daily: true,
    hash: '#/draft/r58',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Başka konu seç', 'Choose another') }).click();
      await page.locator('.sheet button[aria-expanded]').nth(1).click();
    },
  },
  {
    name: 'map-big',
    daily: true,
    hash: '#/draft/r58',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Haritayı büyüt', 'Enlarge the map') }).click();
      await page.locator('.sheet .map path.m-land').first().waitFor({ state: 'attached' });
      await page.waitForTimeout(300);
    },
  },
  { name: 'answer', daily: true, hash: '#/request/r49' },
  {
    name: 'answer-photo',
    modes: few,
    hash: '#/request/r49',
    async prepare(page) {
      await page.locator('.answer .photo-open').nth(1).click();
      await page.locator('dialog[open] .photo-whole').waitFor();
    },
  },
  { name: 'answer-duplicate', hash: '#/request/r46' },
  { name: 'wish', hash: '#/request/r54' },
  {
    name: 'answer-confirmed',
    hash: '#/request/r49',
    prepare: (page, mode) => page.getByRole('button', { name: named(mode, 'Evet, tamam', 'Yes, it is done') }).click(),
  },
  {
    name: 'answer-object',
    hash: '#/request/r49',
    prepare: (page, mode) => page.getByRole('button', { name: named(mode, 'Hayır, itiraz ediyorum', 'No, I object') }).click(),
  },
  {
    name: 'answer-object-photo',
    hash: '#/request/r49',
    modes: few,
    prepare: objectByPhoto,
  },
  {
    name: 'objected',
    hash: '#/request/r49',
    modes: few,
    async prepare(page, mode) {
      await objectByPhoto(page, mode);
      await page.locator('.answer form button[type=submit]').click();
      await page.locator('.msg-photos').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'receipt-kept',
    hash: '#/request/r49',
    modes: few,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Alındı belgesi', 'Receipt') }).click();
      await page.getByRole('button', { name: named(mode, 'Resim olarak kaydet', 'Save as picture') }).click();
      await page.locator('dialog .path').waitFor();
    },
  },
  {
    name: 'receipt-page',
    hash: '#/request/r49',
    modes: few,
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Alındı belgesi', 'Receipt') }).click();
      await page.getByRole('button', { name: named(mode, 'PDF olarak kaydet', 'Save as PDF') }).click();
      await page.locator('dialog .path', { hasText: '.pdf' }).waitFor();
    },
  },
  {
    name: 'receipt',
    hash: '#/request/r49',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Alındı belgesi', 'Receipt') }).click();
      await page.locator('.receipt-qr').waitFor();
    },
  },
  {
    name: 'voice',
    hash: '#/request/r49',
    async prepare(page) {
      await page.locator('.voice audio').evaluate((audio) => audio.readyState > 0 || new Promise((ready) => (audio.onloadedmetadata = ready)));
      await page.locator('.voice').scrollIntoViewIfNeeded();
    },
  },
  { name: 'question', daily: true, hash: '#/request/r55' },
  { name: 'sending', daily: true, hash: '#/request/r56/sent' },
  {
    name: 'edit',
    daily: true,
    hash: '#/request/r56',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Düzelt', 'Correct'), exact: true }).click();
      await page.locator('.sheet textarea').waitFor();
    },
  },
  {
    name: 'photo',
    hash: '#/request/r56',
    async prepare(page) {
      await page.locator('.photo-open').first().click();
      await page.locator('.photo-whole').waitFor();
    },
  },
  { name: 'versions', daily: true, hash: '#/request/r53/versions' },
  { name: 'outbox', daily: true, hash: '#/outbox' },
  {
    name: 'outbox-courier',
    modes: few,
    hash: '#/outbox',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Kurye dosyası hazırla', 'Prepare a courier file') }).click();
      await page.locator('.path').waitFor();
      await page.locator('.path').scrollIntoViewIfNeeded();
    },
  },
  { name: 'outbox-wifi', query: 'fake=wifi', hash: '#/outbox' },
  { name: 'refused', hash: '#/request/r51' },
  {
    name: 'refused-copied',
    modes: few,
    hash: '#/outbox',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Kopyasını çıkar', 'Write a copy'), exact: true }).click();
      await page.locator('.stuck .path').waitFor();
    },
  },
  {
    name: 'renewed',
    modes: few,
    hash: '#/request/r51',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru olarak gönder', 'Send as a new request') }).click();
      await page.getByRole('button', { name: named(mode, 'Gönder', 'Send'), exact: true }).click();
      await page.locator('.banner.t-ok').waitFor();
      await page.evaluate(() => (location.hash = '#/request/r51'));
      await page.getByRole('link', { name: named(mode, 'Yenisini aç', 'Open the new one') }).waitFor();
    },
  },
  { name: 'outbox-empty', query: 'fake=empty', hash: '#/outbox' },
  {
    name: 'announcements',
    daily: true,
    hash: '#/announcements',
    async prepare(page) {
      await page.locator('button[aria-expanded]').first().click();
      await page.locator('.announcement').first().waitFor();
    },
  },
  { name: 'announcements-empty', query: 'fake=empty', hash: '#/announcements' },
  { name: 'urgent', query: 'fake=urgent', prepare: (page) => page.locator('dialog.urgent[open]').waitFor() },
  { name: 'tablet', daily: true, hash: '#/tablet' },
  { name: 'tablet-trouble', query: 'fake=trouble', hash: '#/tablet' },
  {
    name: 'tablet-pin',
    hash: '#/tablet',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'PIN koy', 'Set a PIN') }).last().click();
      await page.locator('.sheet .pin-keys').waitFor();
    },
  },
  {
    name: 'tablet-lock',
    modes: few,
    hash: '#/tablet',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'PIN koy', 'Set a PIN') }).last().click();
      for (let i = 0; i < 2; i++) {
        await page.locator('.pin-digits').fill('2580');
        await page.keyboard.press('Enter');
      }
      await page.getByRole('button', { name: named(mode, 'Şimdi kilitle', 'Lock now') }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'tablet-report',
    modes: few,
    hash: '#/tablet',
    async prepare(page, mode) {
      await page.getByRole('button', { name: named(mode, 'Durum raporu', 'Status report') }).click();
      await page.locator('.report').waitFor();
    },
  },
  { name: 'unknown', query: 'fake=unknown' },
  { name: 'closed', query: 'fake=revoked' },
  { name: 'outdated', query: 'fake=outdated' },
  { name: 'server-outdated', query: 'fake=server_outdated' },
  refusedPhoto('photo-unreadable', 'photo_unreadable', 'Bu fotoğraf açılamıyor', 'This photo cannot be opened'),
  refusedPhoto('photo-heic', 'photo_heic', 'HEIC', 'HEIC'),
  refusedPhoto('disk-full', 'disk_full', 'Tablette yer kalmadı', 'The tablet is full'),
];

/** Through the three pages to a request for practice. */
async function practise(page, mode) {
  for (let i = 0; i < 2; i++) await page.getByRole('button', { name: named(mode, 'Devam', 'Continue') }).click();
  await page.getByRole('button', { name: named(mode, 'Bir deneme yap', 'Practise once') }).click();
}

/** A photo that is not taken in: the reason stands there, and the words are still in their field. */
function refusedPhoto(name, trouble, tr, en) {
  return {
    name,
    query: `fake=${trouble}`,
    async prepare(page, mode) {
      const words = 'Pazar yerinin köşesindeki rögar kapağı kırık.';
      await page.getByRole('button', { name: named(mode, 'Yeni başvuru', 'New request') }).click();
      await page.locator('textarea').fill(words);
      await page.locator('input[type=file]').first().setInputFiles([{ name: 'rogar.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(60_000, 7) }]);
      await page.getByText(named(mode, tr, en)).first().waitFor();
      if ((await page.locator('textarea').inputValue()) !== words) throw new Error('the words are gone');
    },
  };
}
