// Requests of a made-up winter in a real neighbourhood, for pictures and tests. Words come from the
// synthetic data set (CC0); nobody in it exists, and no person is named.
import type { Answer } from '$ui/wire/Answer';
import type { Entry } from '$ui/wire/Entry';
import type { EntryKind } from '$ui/wire/EntryKind';
import type { Followed } from '$ui/wire/Followed';
import type { Outcome } from '$ui/wire/Outcome';
import type { Photo } from '$ui/wire/Photo';
import type { Request } from '$ui/wire/Request';
import type { State } from '$ui/wire/State';
import type { Step } from '$ui/wire/Step';
import type { Template } from '$ui/wire/Template';
import type { Transport } from '$ui/wire/Transport';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const ROADS = 'Anadolu Yakası Yol Bakım ve Onarım Müdürlüğü';
const WATER = 'İSKİ – İstanbul Su ve Kanalizasyon İdaresi Genel Müdürlüğü';
const PARKS = 'Anadolu Yakası Park ve Bahçeler Müdürlüğü';
const POWER = 'AYEDAŞ – İstanbul Anadolu Yakası Elektrik Dağıtım A.Ş.';
export const CENTRE = { lat: 40.9975, lon: 29.0263 };

export interface Seed {
  n: number;
  desc: string;
  title?: string;
  addr: string;
  category: string;
  ago: number;
  transport?: Transport;
  state?: State;
  outcome?: Outcome;
  unit?: string;
  planned?: string;
  photos?: Array<[scene: string, sent: number]>;
  /** Seconds of a voice note. */
  voice?: number;
  question?: string;
  followed?: Omit<Followed, 'at'>;
  interim?: string;
  wish?: boolean;
  discreet?: boolean;
  answer?: string;
  /** Photos from the spot: scene, and how much of it is here. */
  proof?: Array<[string, 'here' | 'small' | 'not']>;
  can?: EntryKind[];
  quarantine?: string;
  thread?: Array<Partial<Entry> & { text: string; ago: number }>;
  versions?: [mine: string, other: string];
  steps?: Array<[what: string, ago: number, more?: Partial<Step>]>;
}

export const seeds: Seed[] = [
  {
    n: 57, ago: 58 * MINUTE, transport: 'queued', category: 'yol.izgara-mazgal', addr: 'Rıhtım Caddesi, eczanenin önü',
    desc: 'Mazgallar yaprak ve çöple dolmuş, yağmurda dükkânlara su giriyor. Dün akşamki yağmurda üç dükkâna su girdi. Yaşlılar karşıya geçemiyor.',
    photos: [['mazgal', 0], ['su', 0]],
  },
  {
    n: 56, ago: 15 * HOUR, state: 'received', category: 'aydinlatma.sokak-lambasi', addr: 'İskele Sokak No: 12 karşısı',
    desc: 'Üç sokak lambası üst üste sönük. Pınar Sokak ile Güneş Sokak kesişiminde sokak lambası bir haftadır yanmıyor, zifiri karanlık. Okul saatinde çok kalabalık oluyor. Gereğinin yapılmasını talep ediyorum.',
    photos: [['lamba', 1], ['lamba', 1], ['lamba', 0.58]],
    steps: [['received', 14 * HOUR]],
  },
  {
    n: 55, ago: 2 * DAY, state: 'awaiting_muhtar', category: 'su-kanal.ariza', addr: 'Uzunhafız Sokak', unit: WATER,
    desc: 'Uzunhafız Sokak’ta su kaçağı, günlerdir temiz su boşa akıyor. Sayaç önündeki boru patladı, bodrumu su bastı. Kış geldiğinde daha da kötü oluyor. Fotoğrafını ekledim.',
    photos: [['su', 1], ['mazgal', 1]], question: 'Su kaçağı hangi kapı numarasının önünde? Sokak boyunca üç ayrı vana var.', can: ['answer', 'message', 'add', 'withdraw'],
    steps: [['received', 2 * DAY - HOUR], ['sent_out', 2 * DAY - HOUR, { unit: WATER }], ['asked', 3 * HOUR, { note: 'Su kaçağı hangi kapı numarasının önünde?' }]],
  },
  {
    n: 54, ago: 3 * DAY, state: 'planned', planned: '2026-12-02', category: 'yol.kaldirim-bozuk', addr: 'Duatepe Sokak', unit: ROADS,
    desc: 'Kaldırım taşları kalkmış, yaşlılar düşüyor. Parke taşları çökmüş, yağmur yağınca su dolup sıçratıyor. Daha önce 153’e de bildirildi, sonuç alınamadı.',
    photos: [['yama', 1]], wish: true, can: ['message', 'add'],
    interim: 'Sayın Muhtarım, sokağınızın kaldırımı için malzeme bekleniyor; taşlar gelince iki gün içinde yenilenecek. Bu arada çökmüş yere duba konulmuştur.',
    steps: [['received', 3 * DAY], ['routed', 3 * DAY, { unit: ROADS }], ['accepted', 2 * DAY], ['planned', 2 * DAY, { date: '2026-12-02' }], ['interim', 2 * DAY, { note: 'Malzeme bekleniyor.' }], ['wished', 3 * HOUR]],
  },
  {
    n: 53, ago: 5 * DAY, state: 'in_progress', category: 'yesil.oyun-grubu', addr: 'Yel Değirmeni Parkı', unit: PARKS,
    desc: 'Parktaki salıncağın zinciri kopuk, çocuklar için tehlikeli. Dün bir çocuk düştü, dizi kanadı. Zemindeki kauçuk da kalkmış, çocuklar takılıyor.',
    versions: [
      'Parktaki salıncağın zinciri kopuk, çocuklar için tehlikeli. Dün bir çocuk düştü, dizi kanadı. Zemindeki kauçuk da kalkmış, çocuklar takılıyor.',
      'Parktaki salıncağın zinciri kopuk, çocuklar için tehlikeli. Geçici olarak iple bağladık, kullanılmıyor. Zemindeki kauçuk da kalkmış, iki metrekare kadar.',
    ],
    photos: [['yama', 1], ['cukur', 1]], steps: [['received', 5 * DAY], ['routed', 5 * DAY, { unit: PARKS }], ['accepted', 4 * DAY]],
  },
  {
    n: 52, ago: 7 * DAY, state: 'external', category: 'aydinlatma.direk-tehlike', addr: 'Taşlıbayır Sokak', unit: POWER,
    desc: 'Trafo kapağı açık, kıvılcım çıkıyor. İlkokulun yanında elektrik direği eğilmiş, evlerin üstüne devrilecek. Yıllardır söylüyoruz. Ekip gönderilmesini rica ederim.',
    photos: [['lamba', 1]], steps: [['received', 7 * DAY], ['reviewed', 7 * DAY], ['sent_out', 6 * DAY, { unit: POWER }]],
  },
  {
    n: 51, ago: 9 * DAY, transport: 'quarantined', quarantine: 'too_large', category: 'yesil.park-bakim', addr: 'Yel Değirmeni Parkı girişi',
    desc: 'Park bakımsız, çitler kırılmış. Geçen aydan beri aynı. Çocuklar ve yaşlılar için tehlikeli. Gereğinin yapılmasını talep ediyorum.', photos: [['yama', 0]],
  },
  {
    n: 50, ago: 12 * DAY, state: 'assigned', category: 'trafik.yol-cizgisi', addr: 'Uzunhafız Sokak, ilkokul önü', unit: ROADS,
    desc: 'İlkokul önüne yaya geçidi çizilmesi. Şerit çizgileri görünmüyor, gece tehlikeli oluyor. Çocuklar ve yaşlılar için tehlikeli.',
    steps: [['received', 12 * DAY], ['routed', 12 * DAY, { unit: PARKS }], ['returned', 11 * DAY, { note: 'Konu yol çizgisi; park alanında değil.' }], ['routed', 11 * DAY, { unit: ROADS }]],
  },
  {
    n: 49, ago: 12 * DAY + 2 * HOUR, state: 'concluded', outcome: 'done', category: 'yol.cukur', addr: 'Karakolhane Caddesi, fırının karşısı', unit: ROADS,
    desc: 'Karakolhane Caddesi’nde derin çukur, motosikletler düşüyor. Fırının karşısında yama yapılan yer yeniden açıldı, her gün daha da büyüyor. Yağmurda su dolunca görünmüyor.',
    photos: [['cukur', 1], ['yama', 0.64]], voice: 24, can: ['confirm', 'object', 'message', 'add'],
    answer: 'Sayın Muhtarım, bildirdiğiniz çukur ekibimizce 22 Kasım’da sıcak asfaltla kapatılmıştır. Aynı cadde üzerindeki iki çökme de onarılmıştır. Bilgilerinize sunarız.',
    proof: [['yama', 'here'], ['cukur', 'small'], ['mazgal', 'not']],
    thread: [
      { text: 'Dün akşam bir motosikletli daha düştü. Okul servisi de buradan geçiyor.', mine: true, ago: 10 * DAY },
      { text: 'Muhtarım, ekip programa alındı. Cadde üzerinde başka çukur varsa aynı başvuruya yazabilirsiniz.', mine: false, author: ROADS, ago: 9 * DAY },
      { text: 'Köşedeki fırının önünde iki çökme daha var, fotoğrafını ekledim.', mine: true, ago: 9 * DAY - HOUR },
      { text: 'Fırının önü de düzgün olmuş, fotoğrafı ekte.', mine: true, ago: 35 * MINUTE, transport: 'queued' },
    ],
    steps: [['received', 12 * DAY], ['routed', 12 * DAY, { unit: ROADS }], ['accepted', 10 * DAY], ['planned', 9 * DAY, { date: '2026-11-22' }], ['started', 2 * DAY], ['answered', 30 * HOUR], ['concluded', 18 * HOUR]],
  },
  {
    n: 46, ago: 15 * DAY, state: 'concluded', outcome: 'duplicate', category: 'yol.cukur', addr: 'Karakolhane Caddesi', unit: ROADS, can: ['confirm', 'object', 'message', 'add'],
    desc: 'Karakolhane Caddesi’nde fırının önünde iki yerde asfalt çökmüş, araçlar karşı şeride geçiyor.',
    answer: '2026-116833 numaralı başvuruyla aynı konudadır.',
    followed: { no: '2026-116833', outcome: 'done', text: 'Bildirdiğiniz çukur ekibimizce 22 Kasım’da sıcak asfaltla kapatılmıştır.' },
    steps: [['received', 15 * DAY], ['reviewed', 15 * DAY], ['concluded', 11 * DAY], ['followed', 3 * HOUR, { other: '2026-116833', outcome: 'done' }]],
  },
  {
    n: 45, ago: 6 * DAY, state: 'in_progress', category: 'guvenlik.asayis', addr: 'Lale Parkı', unit: 'Zabıta Dairesi Başkanlığı', discreet: true,
    desc: 'Parkta akşamları uyuşturucu satılıyor, aileler çocuklarını göndermiyor.', photos: [['lamba', 1]],
    steps: [['received', 6 * DAY], ['routed', 6 * DAY], ['accepted', 5 * DAY]],
  },
  {
    n: 48, ago: 40 * DAY, state: 'closed', outcome: 'refused', category: 'trafik.hiz-kesici', addr: 'Zafer Caddesi', unit: 'Trafik Müdürlüğü',
    desc: 'Zafer Caddesi ile Akasya Caddesi kesişiminde kasis çok yüksek, araçların altı vuruyor, düzeltilsin. Geçen aydan beri aynı.',
    answer: 'Kasis, okul bölgesi için mevzuattaki yükseklikte yapılmıştır; değiştirilmesi uygun görülmemiştir.',
    steps: [['received', 40 * DAY], ['routed', 40 * DAY], ['concluded', 31 * DAY], ['closed', DAY]],
  },
  {
    n: 47, ago: 52 * DAY, state: 'cancelled', category: 'temizlik.iri-atik', addr: 'Papatya Sokak',
    desc: 'Sokağa mobilya bırakılmış, yangın tehlikesi var. Üç gündür sürüyor. Esnaf da şikâyetçi.', steps: [['received', 52 * DAY], ['cancelled', 51 * DAY]],
  },
  {
    n: 58, ago: 20 * MINUTE, transport: 'draft', category: '', addr: '', desc: 'Caminin arkasında bulunan bölgede yapraklar mazgalları kapattı, temizlik istiyoruz.', photos: [['mazgal', 0]],
  },
];

export const learned: Template[] = [
  { key: 'yol.izgara-mazgal', category: 'yol.izgara-mazgal', kind: 'complaint', title: '', words: 'Mazgallar yaprakla dolmuş.', learned: true },
  { key: 'aydinlatma.sokak-lambasi', category: 'aydinlatma.sokak-lambasi', kind: 'complaint', title: '', words: '', learned: true },
];

const LETTERS = 'QXH4M7RKZT2V';

export function build(seed: Seed, now: number): Request {
  const transport = seed.transport ?? 'delivered';
  const at = now - seed.ago;
  const sent = transport === 'delivered';
  const photos: Photo[] = (seed.photos ?? []).map(([scene, part], i) => ({
    hash: `${scene}-${seed.n}-${i}`, kind: 'photo', width: 1600, height: 1200, size: 312_000 + i * 41_000,
    sent: Math.round((312_000 + i * 41_000) * part), delivered: part === 1, here: true, thumb: true,
  }));
  if (seed.voice) photos.push({ hash: `voice-${seed.voice}`, kind: 'voice', width: seed.voice, height: 0, size: 2_100 * seed.voice, sent: 0, delivered: false, here: true, thumb: false });
  const timeline: Step[] = [
    { at, what: 'written', state: null, unit: null, note: null, date: null, outcome: null, other: null, channel: null },
    ...(seed.steps ?? []).map(([what, ago, more]): Step => ({
      at: now - ago, what, state: null, unit: null, note: null, date: null, outcome: what === 'concluded' ? (seed.outcome ?? null) : null, other: null, channel: null, ...more,
    })),
  ];
  const proof = (seed.proof ?? []).map(([scene, part], i): Photo => {
    const here = part === 'here';
    return { hash: `${scene}-${seed.n}-a${i}`, kind: 'photo', width: 0, height: 0, size: here ? 240_000 : 0, sent: here ? 240_000 : 0, delivered: true, here, thumb: part !== 'not' };
  });
  const answer: Answer | null = seed.answer && seed.outcome
    ? { text: seed.answer, outcome: seed.outcome, unit: seed.unit ?? null, photos: proof, at: now - 18 * HOUR, until: now + 29 * DAY }
    : null;
  const open = seed.state !== 'closed' && seed.state !== 'cancelled';
  const conflicts = seed.versions
    ? [{ field: 'desc', versions: [{ name: '9@mine', text: seed.versions[0], mine: true, at: now - 17 * HOUR }, { name: '9@other', text: seed.versions[1], mine: false, at: now - 16 * HOUR }] }]
    : [];
  return {
    row: {
      id: `r${seed.n}`, title: seed.title ?? beginning(seed.desc), addr: seed.addr, category: seed.category,
      case_no: `4KR7-${seed.n}-${LETTERS[seed.n % 12]}${LETTERS[(seed.n * 5) % 12]}${LETTERS[(seed.n * 7) % 12]}`,
      official_no: sent && seed.state ? `2026-1${16000 + seed.n * 17}` : null,
      at, transport, state: sent ? (seed.state ?? null) : null, outcome: seed.outcome ?? null, planned: seed.planned ?? null,
      photos: photos.length, photos_delivered: photos.filter((photo) => photo.delivered).length, conflicts: conflicts.length,
      needs_me: seed.state === 'concluded' || seed.question !== undefined || seed.quarantine !== undefined || conflicts.length > 0,
      cover: photos[0]?.hash ?? null, discreet: seed.discreet ?? false,
    },
    desc: seed.desc, title: seed.title ?? '', kind: 'complaint',
    fix: transport === 'draft' ? null : { lat: CENTRE.lat + Math.sin(seed.n) * 0.0018, lon: CENTRE.lon + Math.cos(seed.n) * 0.002, accuracy: 12, source: 'gps' },
    place: transport === 'draft' ? null : { neighbourhood: 'kadikoy-rasimpasa', neighbourhood_name: 'Rasimpaşa', district_name: 'Kadıköy', own: true, nearest_name: null },
    discreet: seed.discreet ?? false, photos, conflicts, timeline, answer, followed: seed.followed ? { at: now - 3 * HOUR, ...seed.followed } : null, interim: seed.interim ? { text: seed.interim, at: now - 2 * DAY } : null, wish: seed.wish ?? false, question: seed.question ?? null,
    begun: [], edit: null, combined: [], related: null,
    thread: (seed.thread ?? []).map((entry): Entry => ({ kind: 'message', mine: true, author: null, transport: 'delivered', refused: null, photos: [], ...entry, at: now - entry.ago })),
    unit: seed.unit ?? null, due: sent && open ? at + 15 * DAY : null, paused: seed.question !== undefined,
    can: seed.can ?? (transport === 'draft' || !open ? [] : ['message', 'add', 'withdraw']),
    quarantine: seed.quarantine ?? null, remedies: seed.quarantine ? ['mend', 'renew', 'export'] : [], renewed: null,
    receipt: Boolean(sent && seed.state), practice: false,
  };
}

export function beginning(text: string): string {
  const sentence = text.split(/(?<=[.!?])\s/)[0] ?? text;
  return sentence.length > 80 ? `${sentence.slice(0, 79).trimEnd()}…` : sentence.replace(/\.$/, '');
}
