// A made-up working day for the pictures: real organisation and neighbourhoods, invented requests,
// drawn photos. Only the build for pictures contains it.
import categories from '../../../shared/data/org/categories.json';
import organisation from '../../../shared/data/org/organisation.json';
import places from '../../../shared/data/geo/neighbourhoods.json';
import type { Channel } from '$ui/wire/Channel';
import type { DeskDirectory } from '$ui/wire/DeskDirectory';
import type { Kind } from '$ui/wire/Kind';
import type { Kinship } from '$ui/wire/Kinship';
import type { Need } from '$ui/wire/Need';
import type { Outcome } from '$ui/wire/Outcome';
import type { Priority } from '$ui/wire/Priority';
import type { State } from '$ui/wire/State';
import type { UnitKind } from '$ui/wire/UnitKind';

interface Place { code: string; name: string; district: string; district_code: string; lat: number; lon: number }
interface Rule { rule: string; code?: string; Avrupa?: string; Anadolu?: string }
interface Topic { code: string; name: string; name_en: string; photo: string; priority: string; route: Rule; alternatives?: Rule[] }

const topics = categories.categories as Topic[];
const all = (Array.isArray(places) ? places : (places as { neighbourhoods: Place[] }).neighbourhoods) as Place[];
export const allPlaces = all;
export const placeOf = new Map(all.map((place) => [place.code, place]));

export const directory: DeskDirectory = {
  districts: [...new Map(all.map(({ district_code, district }) => [district_code, { code: district_code, name: district }])).values()],
  units: organisation.units.map(({ code, name, kind, parent }) => ({
    code, name, kind: kind as UnitKind, parent: parent ?? null, external: kind === 'dis-kurum' || kind === 'ilce-belediyesi',
  })),
  categories: [
    ...topics.map(({ code, name, name_en, photo }) => ({ code, name, name_en, photo: photo as Need, retired: false, successor: null })),
    // As an old tablet may still send it.
    { code: 'temizlik.cop', name: 'Çöp', name_en: 'Rubbish', photo: 'optional' as Need, retired: true, successor: 'temizlik.cop-alinmiyor' },
  ],
  neighbourhoods: all.map(({ code, name, district }) => ({ code, name: `${name}, ${district}` })),
};
export const unitOf = new Map(directory.units.map((unit) => [unit.code, unit]));
export const priorityOf = new Map(topics.map(({ code, priority }) => [code, priority as Priority]));

/** Units the category's rule names, best first. */
export function suggested(category: string, place: Place): string[] {
  const topic = topics.find(({ code }) => code === category);
  if (!topic) return [];
  const named = ({ rule, code, Anadolu }: Rule) => (rule === 'fixed' ? code : rule === 'by_side' ? Anadolu : `ib-${place.district_code}`);
  return [topic.route, ...(topic.alternatives ?? [])].flatMap((rule) => named(rule) ?? []);
}

export interface Seed {
  place: string;
  category: string;
  title: string;
  desc: string;
  state: State;
  /** Hours since the server received it. */
  age: number;
  /** Hours until it is due; negative when late. */
  left: number;
  photos?: Scene[];
  unit?: string;
  outcome?: Outcome;
  planned?: number;
  /** Unit, what is to be done, days until it is wanted, and what was done, empty while it is owed. */
  tasks?: [string, string, number | null, string][];
  kind?: Kind;
  addr?: string;
  returned?: string;
  question?: string;
  answer?: string;
  said?: string;
  conflict?: string[];
  discreet?: boolean;
  channel?: Channel;
  /** The muhtar wishes to withdraw it. */
  wish?: string;
  /** Hours until the law's day. */
  law?: number;
  /** How, its number, and which of these it is; null for one that may not be seen. */
  relatives?: Array<[how: Kinship, no: string, at: number | null]>;
  waited?: number;
}

const road = 'md-yol-bakim-anadolu';
export const seeds: Seed[] = [
  { place: 'uskudar-valide-i-atik', category: 'aydinlatma.direk-tehlike', title: 'Direkte kaçak var, dokunan çarpılıyor', desc: 'Çocuk parkının girişindeki aydınlatma direğine dokunan çarpılıyor. Yağmurda daha kötü. Çocuklar oynuyor, acilen bakılması gerekiyor.', state: 'in_review', age: 11, left: -3, photos: ['lamp', 'wall'], kind: 'notice' },
  { place: 'uskudar-muratreis', category: 'yol.cokme', title: 'Kaldırımın altından sürekli su sızıyor, yol çöküyor', desc: 'Kaldırımın altından üç gündür su sızıyor, dün gece yol on santim çöktü. Üzerinden otobüs geçiyor.', state: 'in_review', age: 7, left: 1.4, photos: ['hole', 'water', 'pavement', 'water'] },
  { place: 'uskudar-burhaniye', category: 'yol.cukur', title: 'Parkın köşesinde asfaltta derin çukur', desc: 'Parkın köşesinde asfaltta derin bir çukur oluştu, araçların lastiği patlıyor. Geçen hafta bir motosikletli düştü. Okul servisleri de buradan geçiyor, yağmurda su dolunca hiç görünmüyor.\n\nGereğinin yapılmasını talep ediyorum.', state: 'in_review', age: 5, left: 3.5, photos: ['hole', 'hole2'], addr: 'Parkın kuzey köşesi, Nurbaba Sokak karşısı', waited: 26, said: 'Bugün bir servis aracının da lastiği patladı, rica ederim öne alınsın.' },
  { place: 'uskudar-burhaniye', category: 'yol.cukur', title: 'Asfalt parça parça kalkmış, motosikletliler düşüyor', desc: 'Okulun alt sokağında asfalt parça parça kalkmış.', state: 'in_review', age: 26, left: 3.8, photos: ['hole2'] },
  { place: 'kadikoy-goztepe', category: 'yol.merdiven-korkuluk', title: 'İstinat duvarı şişmiş, yıkılma tehlikesi var', desc: 'Sitenin altındaki istinat duvarı öne doğru şişmiş, taşlar yola düşmeye başladı.', state: 'in_review', age: 9, left: 4.6, photos: ['wall', 'wall', 'pavement'], returned: 'Duvar özel mülkiyette; yolun bakımı dışında kalıyor.' },
  { place: 'uskudar-acibadem', category: 'yol.izgara-mazgal', title: 'Mazgallar yaprak ve çöple dolmuş, su gitmiyor', desc: 'Caminin arkasındaki mazgallar dolmuş, her yağmurda yol göl oluyor.', state: 'in_review', age: 8, left: 4.9, photos: ['water'], conflict: ['Caminin arkasındaki mazgallar dolmuş, her yağmurda yol göl oluyor.', 'Caminin yanındaki iki mazgal tıkalı, yağmurda dükkânlara su giriyor.'] },
  { place: 'uskudar-zeynep-kamil', category: 'yol.kaldirim-bozuk', title: 'Kaldırım kazıldıktan sonra gelişigüzel kapatılmış', desc: 'İnternet kazısından sonra kaldırım toprakla kapatıldı, yaşlılar yürüyemiyor.', state: 'in_review', age: 6, left: 5.7, photos: ['pavement', 'hole'] },
  { place: 'uskudar-cumhuriyet', category: 'trafik.yon-duzenleme', title: 'Tek yön uygulaması eski haline dönsün', desc: 'Mahallemizde uygulanan tek yön esnafı ve servisleri zora soktu; eski hâline dönmesini istiyoruz.', state: 'in_review', age: 20, left: 26, kind: 'opinion' },
  { place: 'uskudar-sultantepe', category: 'trafik.sinyal-talebi', title: 'Okul önüne butonlu yaya ışığı konulmasını istiyoruz', desc: 'İlkokulun önünde yaya ışığı yok, öğrenciler araçların arasından geçiyor.', state: 'in_review', age: 22, left: 30, photos: ['street'], kind: 'wish' },
  { place: 'maltepe-cinar', category: 'yol.kopru-gecit', title: 'Yaya köprüsünün basamakları kırılmış', desc: 'E-5 üzerindeki yaya köprüsünün basamakları kırık, demirler dışarıda.', state: 'in_review', age: 18, left: 52, photos: ['stairs', 'stairs'] },
  { place: 'maltepe-girne', category: 'yol.engelli-erisim', title: 'Kaldırımda rampa yok, komşumuz evden çıkamıyor', desc: 'Tekerlekli sandalye kullanan bir komşumuz kaldırımda rampa olmadığı için yalnız çıkamıyor.', state: 'in_review', age: 15, left: 76, photos: ['pavement'], kind: 'wish', discreet: true },
  { place: 'kadikoy-rasimpasa', category: '', title: '', desc: 'Sahildeki bankların yanına konan levha devrilmiş, geçenlerin ayağına takılıyor; nereye yazacağımı bilemedim.', state: 'in_review', age: 3, left: 80, photos: ['street'] },
  { place: 'uskudar-selimiye', category: 'hayvan.basibos-kopek', title: '<b>Başıboş köpekler</b> okul yolunda toplanıyor', desc: 'Sabah saatlerinde okul yolunda <script>alert(1)</script> sürü hâlinde köpek var. İçinde etiket yazan bu başvuru olduğu gibi görünmeli.', state: 'awaiting_muhtar', age: 44, left: 40, question: 'Köpekler en çok hangi saatlerde ve hangi sokakta toplanıyor? Küpeleri var mı?' },

  { place: 'kadikoy-egitim', category: 'yol.cokme', title: 'Asfalt göçtü, iki metre genişliğinde boşluk oluştu', desc: 'Sabah altıda yol göçtü, iki metre genişliğinde boşluk var. Şerit çektik ama gece görünmüyor.', state: 'in_progress', unit: road, age: 120, left: -26, photos: ['hole', 'hole2', 'street'] },
  { place: 'uskudar-acibadem', category: 'yol.izgara-mazgal', title: 'Izgara tıkalı, su dükkânlara giriyor (caminin arkasında)', desc: 'Caminin arkasındaki ızgara tıkalı, yağmurda su dükkânlara giriyor. İki esnaf zarar gördü.', state: 'assigned', unit: road, age: 90, left: 5, photos: ['water', 'pavement'], returned: 'Hat İSKİ’ye ait görünüyor.' },
  { place: 'uskudar-valide-i-atik', category: 'yol.izgara-mazgal', title: 'Izgara kırık, bisiklet tekeri sıkışıyor', desc: 'Izgaranın iki demiri kırık, bisikletlilerin tekeri sıkışıyor.', state: 'in_progress', wish: 'Apartman yönetimi ızgarayı kendi yaptırdı, ekip gönderilmesine gerek kalmadı.', law: 40, relatives: [['duplicate', '2026-048339', 16], ['duplicate', '2026-047902', null], ['link', '2026-048306', 5]], unit: road, age: 100, left: 9, photos: ['water'] },
  { place: 'kadikoy-caferaga', category: 'yol.izgara-mazgal', title: 'Yağmur suyu ızgaraları tıkalı, her yağışta yol göle dönüyor', desc: 'İyi günler, yağmur suyu ızgaraları tıkalı, her yağışta yol göle dönüyor. Yer: Pınar Sokak ile Şehit Öğretmen Sokak kesişiminde. Kış geldiğinde daha da kötü oluyor.\n\nAcil müdahale rica ederiz.', state: 'answer_pending', unit: road, age: 170, left: 26, photos: ['water', 'street'], outcome: 'done', addr: 'Pınar Sokak ile Şehit Öğretmen Sokak kesişimi', answer: 'Sayın Muhtarımız,\n\nPınar Sokak ile Şehit Öğretmen Sokak kesişimindeki altı yağmur suyu ızgarası temizlenmiş, kırık olan ikisi yenilenmiştir.\n\nİlk yağışta sorun sürerse bu başvuruya itiraz edebilirsiniz; yeni başvuru gerekmez.', returned: 'Hat önce açılmalı; İSKİ ile görüşüldü.', said: 'Perşembe yağmur bekleniyor, bilginize.' },
  { place: 'kadikoy-goztepe', category: 'yol.cukur', title: 'Sağlık ocağı önünde yama yapılan yer yeniden açıldı', desc: 'Geçen ay yamanan yer yeniden açıldı, ambulans girişinde sarsıntı oluyor.', state: 'assigned', unit: road, age: 40, left: 52, photos: ['hole2'] },
  { place: 'maltepe-idealtepe', category: 'yol.kaldirim-bozuk', title: 'Kaldırım taşları yerinden oynamış, yaşlılar takılıp düşüyor', desc: 'Pazar yerine çıkan kaldırımda taşlar yerinden oynamış.', state: 'in_progress', unit: road, tasks: [['md-ulasim-koordinasyon', 'Kaldırımın ortasındaki eski yön levhasının direği sökülsün; taşlar ondan sonra döşenecek.', 4, ''], ['bk-iski', 'Rögar kapağının kotu yükseltilsin.', null, 'Kapak yeni kotuna getirildi, çevresi betonlandı.']], age: 70, left: 124, photos: ['pavement', 'pavement'] },
  { place: 'uskudar-kuzguncuk', category: 'yol.cukur', title: 'İskele yolunda asfalt oturmuş', desc: 'İskele yolunda asfalt oturmuş, su birikiyor.', state: 'assigned', unit: road, age: 8, left: 130, photos: ['hole'] },
  { place: 'kadikoy-bostanci', category: 'yol.cokme', title: 'Yolun kenarı kaydı, kamyon geçerse yıkılacak', desc: 'Derenin üstündeki yolun kenarı kaymış.', state: 'awaiting_muhtar', unit: road, age: 66, left: 80, photos: ['wall'], question: 'Kayan bölüm köprünün hangi tarafında? Bir fotoğraf daha ekleyebilir misiniz?' },
  { place: 'uskudar-guzeltepe', category: 'yol.engelli-erisim', title: 'Görme engelliler için sarı kılavuz çizgi yarıda kesilmiş', desc: 'Duraktan hastaneye giden sarı çizgi yarıda kesiliyor.', state: 'planned', unit: road, age: 160, left: 200, planned: 14, photos: ['pavement'] },
  { place: 'uskudar-kuzguncuk', category: 'yol.merdiven-korkuluk', title: 'Merdivenin korkuluğu sökülmüş, çocuklar düşebilir', desc: 'Okula inen merdivenin korkuluğu sökülmüş.', state: 'in_progress', unit: road, age: 50, left: 260, photos: ['stairs'] },
  { place: 'maltepe-esenkent', category: 'yol.kopru-gecit', title: 'Alt geçidin aydınlatması ve duvarı dökülüyor', desc: 'Alt geçitte sıvalar dökülüyor, lambalar yanmıyor.', state: 'planned', unit: road, age: 200, left: 230, planned: 8, photos: ['wall', 'lamp'] },
  { place: 'kadikoy-suadiye', category: 'yol.cukur', title: 'Minibüs caddesinde art arda üç çukur', desc: 'Minibüs caddesinde art arda üç çukur var.', state: 'concluded', unit: road, age: 300, left: 0, outcome: 'done', photos: ['hole'], answer: 'Üç çukur sıcak asfaltla kapatıldı.' },
  { place: 'kadikoy-fenerbahce', category: 'yol.asfalt-talebi', title: 'Yat limanı yoluna asfalt istiyoruz', desc: 'Yat limanına giden yolun asfaltı yenilensin.', state: 'concluded', unit: road, age: 420, left: 0, outcome: 'refused', kind: 'wish', answer: 'Yolun mülkiyeti işletmeye ait olduğu için belediyemizce kaplama yapılamamaktadır.' },
  { place: 'uskudar-altunizade', category: 'temizlik.cop', title: 'Konteynerler iki gündür boşaltılmadı', desc: 'Konteynerler iki gündür boşaltılmadı, koku var.', state: 'external', unit: 'ib-uskudar', age: 60, left: 90, photos: ['street'] },
  { place: 'adalar-burgazada', category: 'su-kanal.ariza', title: 'İskelede su borusu patladı', desc: 'İskelede su borusu patladı, meydan su içinde.', state: 'in_progress', unit: 'bk-iski', tasks: [[road, 'Boru onarılınca meydanın parke taşları yeniden döşensin; yaklaşık 40 m².', 6, '']], age: 12, left: 20, photos: ['water'] },
];

export type Scene = 'hole' | 'hole2' | 'water' | 'wall' | 'lamp' | 'pavement' | 'stairs' | 'street' | 'fixed';

/** A drawn street: houses, pavement, asphalt, and what the request is about. */
export function scene(what: Scene, seed: number): string {
  const tall = (i: number) => 40 + ((seed * 37 + i * 53) % 70);
  const houses = [0, 1, 2, 3, 4]
    .map((i) => {
      const height = tall(i);
      const windows = [0, 1, 2].flatMap((x) => (height > 60 ? [0, 1] : [0]).map((y) => `<rect x="${i * 86 + 10 + x * 24}" y="${130 - height + y * 30}" width="13" height="17" fill="#5e6b73"/>`));
      return `<rect x="${i * 86}" y="${120 - height}" width="84" height="${height}" fill="${['#c9b29a', '#b59c81', '#c4ad94', '#bfa58c', '#d0bda6'][(i + seed) % 5]}"/>${windows.join('')}`;
    })
    .join('');
  const things: Record<Scene, string> = {
    hole: '<ellipse cx="196" cy="234" rx="104" ry="42" fill="#4b4a48"/><ellipse cx="196" cy="234" rx="82" ry="30" fill="#2b2722"/><ellipse cx="190" cy="238" rx="46" ry="14" fill="#546470"/>',
    hole2: '<ellipse cx="240" cy="214" rx="74" ry="30" fill="#4b4a48"/><ellipse cx="240" cy="214" rx="56" ry="20" fill="#2b2722"/><path d="M344 300c-4-30 8-52 34-60l56 2v58z" fill="#8c2f28"/>',
    water: '<path d="M40 300c10-60 90-86 190-80 100 6 160 40 150 80z" fill="#5f7686"/><path d="M90 270c40-14 110-18 160-8M130 288c40-8 90-8 130 0" stroke="#a9bcc8" stroke-width="4" fill="none"/><path d="M170 160h80v26h-80z" fill="#33373a"/><path d="M180 162v22M192 162v22M204 162v22M216 162v22M228 162v22M240 162v22" stroke="#6c6d6f" stroke-width="5"/>',
    wall: '<path d="M30 300V160q90-30 170-6t190-14v160z" fill="#8f8b80"/><path d="M30 200h360M30 244h360M120 160v40M240 160v40M180 200v44M300 200v44M90 244v56M260 244v56" stroke="#6f6b62" stroke-width="5"/><path d="M196 158l-14 52 22 34-10 56" stroke="#2b2722" stroke-width="8" fill="none"/>',
    lamp: '<path d="M306 300 292 90" stroke="#3f4346" stroke-width="11"/><path d="M292 92q2-22 30-22h30v12h-28q-16 0-20 10z" fill="#3f4346"/><rect x="284" y="226" width="32" height="48" rx="4" fill="#707578"/><path d="M296 236l-8 16h9l-5 16 14-20h-9l5-12z" fill="#f0c264"/>',
    pavement: '<path d="M0 180h420v120H0z" fill="#b7b2a5"/><path d="M0 210h420M0 244h420M0 278h420M60 180v30M150 180v30M240 180v30M330 180v30M100 210v34M200 210v34M300 210v34M50 244v34M150 244v34M260 244v34" stroke="#8f8a7c" stroke-width="4"/><path d="M200 208l70 8-14 44-70-12z" fill="#6b5a44"/><path d="M282 236l44-8 10 28-46 10z" fill="#a39d8e" stroke="#7c776a" stroke-width="3"/>',
    stairs: '<path d="M60 300h300v-26h-40v-26h-40v-26h-40v-26h-40v-26h-140z" fill="#a8a397"/><path d="M60 170h140v26H60zM60 222h220v26H60zM60 274h300v26H60z" fill="#8f8a7e"/><path d="M244 222l22 26-30 4z" fill="#4b4a48"/>',
    street: '<path d="M206 152h14l4 26h-20zM198 208h28l7 40h-40zM188 284h46l3 16h-51z" fill="#dcd7c9"/><path d="M70 200h80v64H70z" fill="#2f6b45"/><path d="M64 192h92v14H64z" fill="#25573a"/>',
    fixed: '<path d="M88 204 262 194l22 58-212 14z" fill="#3c3d3f" stroke="#2c2d2f" stroke-width="3"/><path d="M330 256l16-62h10l16 62z" fill="#dd6429"/><path d="M320 254h62v9h-62z" fill="#b14c1b"/>',
  };
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 300" width="1260" height="900" preserveAspectRatio="xMidYMid slice"><path d="M0 0h420v120H0z" fill="#b8cad8"/>${houses}<path d="M0 108h420v34H0z" fill="#a9a69b"/><path d="M0 138h420v8H0z" fill="#d5d0c3"/><path d="M0 146h420v154H0z" fill="#6c6d6f"/>${things[what]}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
