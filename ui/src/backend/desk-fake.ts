// The desk's back end in memory, for pictures and screen tests: plays the server's part of the routing
// as far as the screens show it. Address: `?fake&district=CODE&as=triage|unit|approver|head|auditor|operator` and
// `&trouble=signed_out|offline|empty|slow|stale|lost`.
import type { Act } from '$ui/wire/Act';
import type { Action } from '$ui/wire/Action';
import type { DeskEvent } from '$ui/wire/DeskEvent';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { DeskTemplate } from '$ui/wire/DeskTemplate';
import type { HeldItem } from '$ui/wire/HeldItem';
import type { Me } from '$ui/wire/Me';
import type { QueueRow } from '$ui/wire/QueueRow';
import type { Role } from '$ui/wire/Role';
import type { State } from '$ui/wire/State';
import type { Tablet } from '$ui/wire/Tablet';
import { fold } from '$ui/lib/fold';
import { fakeAccounts } from './desk-fake-accounts';
import { fakeAnnouncements } from './desk-fake-announcements';
import { fakeHealth } from './desk-fake-health';
import { fakeDirectory } from './desk-fake-directory';
import { fakeRules } from './desk-fake-rules';
import { fakeAround, fakeRefusals, fakeReport } from './desk-fake-report';
import { fakeUnits } from './desk-fake-units';
import { DeskFailed, type Desk } from './desk';
import { directory, placeOf, priorityOf, scene, seeds, suggested, unitOf, type Scene, type Seed } from './desk-fake-city';

const HOUR = 3_600_000;
const ref = (code: string) => ({ code, name: unitOf.get(code)?.name ?? code });
const UNIT = 'md-yol-bakim-anadolu';
const people: Record<Role, Omit<Me, 'second_factor' | 'second_factor_owed'>> = {
  triage: { name: 'Ön inceleme masası', role: 'triage', unit: null, districts: [] },
  unit: { name: 'Yol Bakım, Anadolu', role: 'unit', unit: ref(UNIT), districts: [] },
  approver: { name: 'Yol Bakım, Anadolu: onay', role: 'approver', unit: ref(UNIT), districts: [] },
  head: { name: 'Yol Bakım, Anadolu: amir', role: 'head', unit: ref(UNIT), districts: [] },
  auditor: { name: 'Denetim masası', role: 'auditor', unit: null, districts: [] },
  operator: { name: 'Tablet ve sunucu işletimi', role: 'operator', unit: null, districts: [] },
};

const TABLE: Partial<Record<State, Partial<Record<Role, Action[]>>>> = {
  in_review: { triage: ['route', 'send_out', 'ask', 'conclude', 'interim', 'link'] },
  assigned: { unit: ['accept', 'forward', 'return'] },
  in_progress: { unit: ['plan', 'send_out', 'ask', 'answer', 'return', 'interim', 'link', 'task'], triage: ['task'] },
  planned: { unit: ['start', 'answer', 'interim', 'link', 'task'], triage: ['task'] },
  external: { triage: ['take_back', 'interim', 'answer'] },
  answer_pending: { approver: ['approve', 'correct'] },
  concluded: { triage: ['reopen'] },
};
const LEADS: Partial<Record<Action, [State | null, string]>> = {
  route: ['assigned', 'routed'], send_out: ['external', 'sent_out'], ask: ['awaiting_muhtar', 'asked'], conclude: ['concluded', 'concluded'],
  accept: ['in_progress', 'accepted'], forward: ['assigned', 'forwarded'], return: ['in_review', 'returned'], plan: ['planned', 'planned'],
  start: ['in_progress', 'started'], answer: ['answer_pending', 'answered'], approve: ['concluded', 'concluded'],
  correct: ['in_progress', 'corrected'], take_back: ['in_review', 'taken_back'], reopen: ['in_review', 'reopened'],
  release: ['cancelled', 'cancelled'], decline: [null, 'declined'], interim: [null, 'interim'], link: [null, 'linked'],
  task: [null, 'tasked'], finish_task: [null, 'task_done'], return_task: [null, 'task_dropped'], call_off: [null, 'task_dropped'],
};
/** Who has what in hand, by number; 0 is nobody. */
const HANDS: Record<number, string> = { 3: 'Yol Bakım, Anadolu', 4: 'Yol Bakım, Anadolu: masa 2' };
const handOf = ({ row }: DeskRequest) => (row.unit?.code !== UNIT || row.state === 'assigned' ? null : (HANDS[3 + (Number(row.no.slice(-1)) % 2)] ?? null));
const RANK = { urgent: 0, high: 1, normal: 1, low: 2 };

export function fakeDesk(query: URLSearchParams): Desk {
  const role = (query.get('as') ?? 'triage') as Role;
  const trouble = query.get('trouble');
  const own = query.get('district');
  const me: Me = { ...people[role], ...(own ? { districts: directory.districts.filter(({ code }) => code === own) } : {}), second_factor: trouble === 'second', second_factor_owed: trouble === 'owed' };
  const photos = new Map<string, string>();
  const changed = new Set<(id: string) => void>();
  let signedIn = trouble !== 'signed_out';
  let lost = trouble === 'lost';
  const announced = fakeAnnouncements(trouble === 'empty');
  let kept: DeskTemplate[] = [
    { id: 1, name: 'Ekip yönlendirildi', body: 'Sayın Muhtarımız, {yer} için {no} numaralı başvurunuza ekip yönlendirilmiştir.', own: true },
    { id: 2, name: 'Yapım programına alındı', body: '{konu} başvurunuz {tarih} tarihinde yapım programına alınmıştır.', own: true },
    { id: 3, name: 'Yetkimizde değil, ilgili kuruma bildirildi', body: 'Konu {kurum} yetkisindedir; {tarih} günü bildirilmiştir.', own: false },
  ];
  let held = trouble === 'empty' ? [] : heldItems();
  const requests = trouble === 'empty' ? [] : seeds.map((seed, i) => build(seed, i, photos));

  const answer = async <T>(value: () => T): Promise<T> => {
    if (trouble === 'slow') await new Promise(() => {});
    if (trouble === 'offline' && signedIn) throw new DeskFailed('offline');
    if (trouble === 'broken') throw new DeskFailed('broken', '', '00a1-7f');
    if (!signedIn) throw new DeskFailed('signed_out');
    return structuredClone(value());
  };
  const find = (id: string) => {
    const hit = requests.find(({ row }) => row.id === id);
    if (!hit) throw new DeskFailed('not_found');
    return hit;
  };
  const seen = (request: DeskRequest) => {
    const roles: Role[] = role === 'approver' || role === 'head' ? ['unit', 'approver'] : [role];
    const mine = role === 'triage' || request.row.unit?.code === me.unit?.code;
    request.can = mine ? roles.flatMap((one) => TABLE[request.row.state]?.[one] ?? []) : [];
    const owed = request.tasks.filter((task) => task.owed);
    for (const task of owed) task.own = roles.includes('unit') && task.unit.code === me.unit?.code;
    if (owed.length) {
      request.can = request.can.filter((action) => action !== 'answer');
      if (mine) request.can.push('call_off');
      if (owed.some(({ own }) => own)) request.can.push('finish_task', 'return_task');
    }
    if (request.wish !== null && roles.includes(request.row.unit ? 'unit' : 'triage')) request.can.push('release', 'decline');
    return request;
  };
  const inTriage = ({ row }: DeskRequest) => row.state === 'in_review' || row.state === 'received' || (row.state === 'awaiting_muhtar' && !row.unit);
  const isLate = ({ row }: DeskRequest, percent = 100) => !['concluded', 'closed', 'cancelled'].includes(row.state) && (row.returns > 1 || (!row.paused && row.due !== null && row.spent * 100 >= percent));
  const helps = ({ row, tasks }: DeskRequest) => row.unit?.code !== UNIT && tasks.some((task) => task.owed && task.unit.code === UNIT);
  const inInbox = (request: DeskRequest) => helps(request) || (request.row.unit?.code === UNIT && !['concluded', 'closed', 'cancelled'].includes(request.row.state));

  return {
    me: async () => {
      if (trouble === 'offline') throw new DeskFailed('offline');
      if (!signedIn) throw new DeskFailed('signed_out');
      return me;
    },
    async signIn(login, password, code) {
      if (password === 'yanlis' || !login) throw new DeskFailed('signed_out');
      if (password === 'iki' && !code) throw new DeskFailed('second_factor');
      if (password === 'iki' && code !== '123456') throw new DeskFailed('second_factor', 'Kod yanlış ya da kullanılmış; yenisini bekleyip yazın.');
      signedIn = true;
      lost = false;
      return me;
    },
    ways: async () => ({ provider: query.get('provider') }),
    elsewhere: () => Promise.reject(new DeskFailed('busy', 'Kimlik sunucusu şu anda yanıt vermiyor. Kullanıcı adı ve parolayla girebilirsiniz.')),
    async secondCode(code) {
      if (code !== '123456') throw new DeskFailed('second_factor', 'Kod yanlış ya da kullanılmış; yenisini bekleyip yazın.');
      signedIn = true;
      return me;
    },
    offerSecondFactor: () => answer(() => ({ nonce: '7', secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', qr: pattern() })),
    secondFactor: (turn) => answer(() => Object.assign(me, { second_factor: turn === 'on', second_factor_owed: false })),
    async signOut() {
      signedIn = false;
    },
    preview: (ids, { action }) =>
      answer(() => ids.map(find).map((request) => ({ id: request.row.id, no: request.row.no, title: request.row.title, n: request.n, why: seen(request).can.includes(action) ? null : 'Bu adım şimdi atılamaz; başvuru başka bir aşamada.' }))),
    queue: ({ list, state, q, muhtarlik, hand, percent = 100 }) =>
      answer(() => {
        const asked = fold(q ?? '').trim();
        const rows = requests
          .filter((request) => (list === 'late' ? isLate(request, percent) : list === 'tasks' ? helps(request) : list === 'triage' ? inTriage(request) : list === 'inbox' ? (state ? request.row.unit?.code === UNIT : inInbox(request)) : true))
          .filter(({ row }) => !state || row.state === state)
          .filter((request) => !muhtarlik || request.muhtarlik === muhtarlik)
          .filter(({ row, desc }) => !asked || fold([row.no, row.case_no, row.title, row.place, desc].join(' ')).includes(asked))
          .map((request) => ({ ...request.row, task: helps(request), hand: list === 'inbox' ? handOf(request) : null }))
          .filter((row) => hand === undefined || row.hand === (HANDS[hand] ?? null))
          .sort((a, b) => RANK[a.priority] - RANK[b.priority] || (a.due ?? 0) - (b.due ?? 0));
        return { rows, next: null, total: rows.length, triage: requests.filter(inTriage).length, inbox: requests.filter(inInbox).length, tasks: requests.filter(helps).length, late: requests.filter((request) => isLate(request)).length };
      }),
    request: (id) => answer(() => seen(find(id))),
    similar: (id) =>
      answer(() => {
        const { row } = find(id);
        const like = requests.filter((other) => other.row.id !== id && other.row.place === row.place && other.row.category === row.category);
        return like.slice(0, 3).map((other, i) => ({ row: other.row, metres: 46 + i * 70, days: i * 3, same_category: true }));
      }),
    around: (id) => answer(() => fakeAround(requests, find(id))),
    act: (id, act) =>
      answer(() => {
        if (lost) {
          signedIn = false;
          throw new DeskFailed('signed_out');
        }
        const request = find(id);
        if (trouble === 'stale' && act.n === request.n) {
          apply(request, { n: request.n, action: 'route', unit: 'bk-iski' }, 'Ön inceleme masası 2');
          for (const tell of changed) tell(id);
        }
        if (act.n !== request.n) throw new DeskFailed('stale');
        apply(request, act, me.name);
        for (const tell of changed) tell(id);
        return seen(request);
      }),
    say: (id, text) =>
      answer(() => {
        const request = find(id);
        request.thread.push({ kind: 'message', text, by_muhtar: false, author: me.name, at: Date.now(), photos: [] });
        return seen(request);
      }),
    photoFacts: () => answer(() => ({ taken: Date.now() - 2 * HOUR, lat: 40.98725, lon: 29.0342 })),
    uploadPreview: () => answer(() => undefined),
    async upload(photo) {
      const hash = `up${photos.size}`;
      photos.set(hash, photo.type.startsWith('image/') ? URL.createObjectURL(photo) : scene('fixed', photos.size));
      return hash;
    },
    enter: ({ muhtarlik, category, kind, title, desc, addr, channel, discreet }) =>
      answer(() => {
        const request = build({ place: muhtarlik, category, kind, title, desc, addr, discreet, state: 'in_review', age: 0, left: 72 }, requests.length, photos);
        request.row.channel = channel;
        requests.push(request);
        return { id: request.row.id, no: request.row.no };
      }),
    directory: () => answer(() => directory),
    templates: () => answer(() => kept),
    addTemplate: ({ name, body }) => answer(() => (kept = [...kept, { id: kept.length + 10, name, body, own: true }])),
    dropTemplate: (id) => answer(() => (kept = kept.filter((one) => one.id !== id))),
    look: async (id) => (id === 'r4' || id === 'r14' ? ['Ön inceleme masası 2'] : []),
    ...fakeAccounts(trouble === 'empty', ref, answer),
    ...fakeRules(ref, answer),
    ...fakeDirectory(answer),
    ...fakeUnits(answer, me.unit?.code ?? null),
    changePassword: async ({ old }) => {
      if (old === 'yanlis') throw new DeskFailed('refused', 'password: Parola yanlış.');
      return me;
    },
    revokeTablet: (prefix) => answer(() => tablets().map((one) => (one.prefix === prefix ? { ...one, revoked: true } : one))),
    tablets: () => answer(() => (trouble === 'empty' ? [] : tablets())),
    enrol: ({ neighbourhood, person }) => answer(() => enrolment(placeOf.get(neighbourhood), person)),
    replaceTablet: (prefix) =>
      answer(() => ({
        enrolment: enrolment(placeOf.get('kadikoy-rasimpasa'), 'Muhtar'),
        tablets: tablets().map((one) => (one.prefix === prefix ? { ...one, revoked: true } : one)),
      })),
    people: () =>
      answer(() => [
        { id: 0, name: '', open: 3, late: 1, own: false },
        { id: 4, name: HANDS[4] ?? '', open: 9, late: 2, own: false },
        { id: 3, name: HANDS[3] ?? '', open: 5, late: 0, own: role === 'unit' },
        { id: 5, name: 'Yol Bakım, Anadolu: saha', open: 0, late: 0, own: false },
      ]),
    health: () => answer(fakeHealth),
    announcements: () => answer(() => announced.list),
    announce: (what) => answer(() => announced.add(what, me.name)),
    withdraw: (id) => answer(() => announced.withdraw(id)),
    unseen: () => answer(() => announced.unseen),
    quarantine: () => answer(() => ({ items: held, total: held.length })),
    decide: (id, accept) =>
      answer(() => {
        const item = held.find((one) => one.id === id);
        if (accept && item?.what === 'edit') throw new DeskFailed('not_now', 'Bu kayıt burada olmayan bir kayda dayanıyor: önce onu içeri alın.');
        held = held.filter((one) => one !== item);
        return { items: held, total: held.length };
      }),
    report: (period) => answer(() => fakeReport(period, trouble === 'empty')),
    refusals: () => answer(() => fakeRefusals(requests, trouble === 'empty')),
    reportUrl: (file) => `data:,${file}`,
    exportUrl: (kind, { list }) => `data:,${list}.${kind}`,
    photoUrl: (hash) => photos.get(hash) ?? scene('fixed', 3),
    qrUrl: () => `data:image/svg+xml,${encodeURIComponent(pattern())}`,
    listen(tell, live) {
      changed.add(tell);
      live(trouble !== 'offline');
      return () => changed.delete(tell);
    },
  };
}

function heldItems(): HeldItem[] {
  const one = (id: number, ago: number, rest: Partial<HeldItem>): HeldItem => ({
    id, at: Date.now() - ago * HOUR, tablet: '4KR7', place: 'Rasimpaşa, Kadıköy', what: 'request', words: '', reason: 'revoked',
    why: 'Bu tabletin yetkisi kaldırıldı.', request: null, no: null, may_accept: true, ...rest,
  });
  return [
    one(1, 51, { words: 'Rıhtım Caddesi’nde eczanenin önündeki mazgallar yaprak ve çöple dolmuş, su gitmiyor. Dün akşamki yağmurda üç dükkâna su girdi. Yaşlılar karşıya geçemiyor, esnaf kendi olanaklarıyla temizlemeye çalışıyor.' }),
    one(2, 51, { what: 'edit' }),
    one(3, 26, { what: 'entry', words: 'Sabah geldiler, yarısını yapıp gittiler. Kalan kısım hâlâ açık.', request: 'r3', no: '2026-048300', tablet: '7M2Q', place: 'Şehit Muhtar Mahallesi, Beyoğlu' }),
    one(4, 5, { what: 'decision', words: 'concluded: Çukur sıcak asfaltla kapatıldı.', request: 'r4', no: '2026-048303', reason: 'bad_history', why: 'Değişiklik öncekilerle uyuşmuyor.', may_accept: false }),
  ];
}

function build(seed: Seed, i: number, photos: Map<string, string>): DeskRequest {
  const now = Date.now();
  const place = placeOf.get(seed.place);
  if (!place) throw new Error(seed.place);
  const received = now - seed.age * HOUR;
  const due = now + seed.left * HOUR;
  const names = (seed.photos ?? []).map((what: Scene, j) => {
    const hash = `p${i}-${j}`;
    photos.set(hash, scene(what, i + j));
    return hash;
  });
  const events: DeskEvent[] = [];
  const push = (what: string, at: number, rest: Partial<DeskEvent> = {}) =>
    events.push({ n: events.length + 1, at, what, by: 'system', author: '', note: '', unit: null, outcome: null, date: null, other: null, ...rest });
  const step = (part: number) => received + (now - received) * part;
  push('received', received);
  push('reviewed', step(0.01));
  const triage = { by: 'triage' as const, author: 'Ön inceleme masası' };
  const staff = { by: 'unit' as const, author: 'Yol Bakım, Anadolu' };
  if (seed.returned) {
    push('routed', step(0.2), { ...triage, unit: ref(seed.unit ? 'bk-iski' : UNIT) });
    push('returned', step(0.3), { ...staff, author: seed.unit ? 'İSKİ, evrak masası' : staff.author, note: seed.returned });
  }
  if (seed.unit) push(seed.state === 'external' ? 'sent_out' : 'routed', step(0.4), { ...triage, unit: ref(seed.unit) });
  const worked = ['in_progress', 'planned', 'answer_pending', 'concluded'].includes(seed.state) || (seed.state === 'awaiting_muhtar' && seed.unit);
  if (worked) push('accepted', step(0.5), staff);
  const planned = seed.planned === undefined ? null : new Date(now + seed.planned * 24 * HOUR).toISOString().slice(0, 10);
  if (planned) push('planned', step(0.6), { ...staff, date: planned });
  if (seed.wish) push('wished', step(0.75), { by: 'muhtar', note: seed.wish });
  if (seed.question) push('asked', step(0.7), { ...(seed.unit ? staff : triage), note: seed.question });
  if (seed.answer) push('answered', step(0.8), { ...staff, note: seed.answer, outcome: seed.outcome ?? 'done' });
  if (seed.state === 'concluded') push('concluded', step(0.9), { by: 'approver', author: 'Yol Bakım, Anadolu: onay', note: seed.answer ?? '', outcome: seed.outcome ?? 'done' });
  const hops = events.filter(({ what }) => what === 'routed' || what === 'sent_out' || what === 'forwarded').length;
  const row: QueueRow = {
    id: `r${i}`,
    no: `2026-${String(48291 + i * 3).padStart(6, '0')}`,
    case_no: `4KR7-${142 + i}-QXH`,
    title: seed.title || `${seed.desc.slice(0, 70)}…`,
    place: `${place.name}, ${place.district}`,
    category: seed.category,
    priority: priorityOf.get(seed.category) ?? 'normal',
    state: seed.state,
    outcome: seed.state === 'concluded' ? (seed.outcome ?? 'done') : null,
    unit: seed.unit ? ref(seed.unit) : null,
    received,
    due: seed.state === 'concluded' ? null : due,
    spent: (now - received) / (due - received) < 0 ? 1.2 : Math.min(1.3, (now - received) / Math.max(HOUR, due - received)),
    paused: seed.state === 'awaiting_muhtar',
    photos: names.length,
    hops,
    returns: seed.returned ? (seed.left < 6 ? 2 : 1) : 0,
    task: false,
    channel: seed.channel ?? null,
    hand: null,
  };
  return {
    row,
    n: events.length,
    desc: seed.desc,
    kind: seed.kind ?? 'complaint',
    category_by_muhtar: seed.category,
    fix: seed.category === 'trafik.yon-duzenleme' ? null : { lat: place.lat + ((i % 5) - 2) * 0.0011, lon: place.lon + ((i % 3) - 1) * 0.0013, accuracy: 6 + (i % 5) * 3, source: 'gps' },
    addr: seed.addr ?? '',
    muhtarlik: seed.place,
    muhtarlik_name: row.place,
    neighbourhood: seed.place,
    discreet: seed.discreet ?? false,
    filed: received - (seed.waited ?? 0.05) * HOUR,
    photos: names.map((hash, j) => ({ hash, kind: 'photo', width: 2048, height: 1463, here: !(i === 1 && j === 3), thumb: !(i === 1 && j === 3) })),
    events,
    thread: seed.said ? [{ kind: 'message', text: seed.said, by_muhtar: true, author: '', at: step(0.85), photos: [] }] : [],
    conflicts: seed.conflict ? [{ field: 'desc', versions: seed.conflict }] : [],
    question: seed.question ?? null,
    answer: seed.answer ? { text: seed.answer, outcome: seed.outcome ?? 'done', photos: (photos.set(`a${i}`, scene('fixed', i)), [{ hash: `a${i}`, taken: i % 2 ? step(0.78) : received - 30 * HOUR, metres: i % 2 ? 31 : 1840 }]), at: step(0.8), official: seed.state === 'concluded' } : null,
    planned,
    wish: seed.wish ?? null,
    ceiling: seed.state === 'concluded' ? null : seed.law === undefined ? received + 15 * 24 * HOUR : now + seed.law * HOUR,
    interim: null,
    relatives: (seed.relatives ?? []).map(([how, no, at]) => ({ how, no, row: at === null ? null : { ...row, id: `r${at}`, no, title: seeds[at]?.title ?? seeds[at]?.desc.slice(0, 70) ?? '', state: seeds[at]?.state ?? 'in_review' } })),
    tasks: (seed.tasks ?? []).map(([unit, text, until, done], at) => ({
      n: 100 + at, unit: ref(unit), text, until: until === null ? null : new Date(now + until * 24 * HOUR).toISOString().slice(0, 10), at: step(0.6), owed: !done, own: false,
      end: done ? { done: true, text: done, photos: (photos.set(`t${i}-${at}`, scene('fixed', i + at)), [{ hash: `t${i}-${at}`, taken: step(0.78), metres: 24 }]), at: step(0.8) } : null,
    })),
    can: [],
    approval: seed.state !== 'external',
    suggestions: seed.unit ? [] : suggested(seed.category, place).map((code, at) => ({ unit: ref(code), external: unitOf.get(code)?.external ?? false, why: at ? 'alternative' : 'rule' })),
  };
}

const proofOf = (act: Act) => (act.photos ?? []).map((hash) => ({ hash, taken: Date.now() - HOUR, metres: 18 }));

function apply(request: DeskRequest, act: Act, author: string): void {
  const letter = act.action === 'answer' && request.row.state === 'external';
  // Nobody approves what an institution wrote, and it stands in its name.
  const [state, what] = letter ? (['concluded', 'concluded'] as const) : (LEADS[act.action] ?? [null, act.action]);
  if (letter) act = { ...act, note: `${request.row.unit?.name ?? ''} ${act.date ? `${act.date.split('-').reverse().join('.')} tarihli ` : ''}${act.reference ? `${act.reference} sayılı ` : ''}yazısıyla şu cevabı verdi:\n\n${act.note ?? ''}` };
  request.n += 1;
  if (state) request.row.state = state;
  if (act.category) request.row.category = act.category;
  const task = request.tasks.find(({ n }) => n === act.task);
  if (task) {
    task.owed = false;
    task.end = { done: act.action === 'finish_task', text: act.note ?? '', photos: proofOf(act), at: Date.now() };
  }
  if (act.unit && act.action === 'task') {
    request.tasks.push({ n: request.n, unit: ref(act.unit), text: act.note ?? '', until: act.date ?? null, at: Date.now(), owed: true, own: false, end: null });
  } else if (act.unit) {
    request.row.unit = ref(act.unit);
    request.row.hops += 1;
  }
  if (act.action === 'return' || act.action === 'take_back') request.row.unit = null;
  if (act.action === 'return') request.row.returns += 1;
  if (act.date && act.action === 'plan') request.planned = act.date;
  if (act.action === 'release' || act.action === 'decline') request.wish = null;
  if (act.action === 'interim') request.interim = Date.now();
  if (act.other) request.relatives.push({ how: act.action === 'link' ? 'link' : 'parent', no: act.other, row: null });
  request.question = act.action === 'ask' ? (act.note ?? '') : null;
  request.row.paused = act.action === 'ask';
  if (act.outcome) request.answer = { text: act.note ?? '', outcome: act.outcome, photos: proofOf(act), at: Date.now(), official: state === 'concluded' };
  if (state === 'concluded') request.row.outcome = act.outcome ?? request.answer?.outcome ?? 'done';
  request.events.push({
    n: request.n, at: Date.now(), what, by: 'triage', author, note: act.note ?? '',
    unit: act.unit ? ref(act.unit) : (task?.unit ?? null), outcome: act.outcome ?? null, date: act.date ?? null, other: act.other ?? null,
  });
}

function enrolment(place: { name: string; district: string } | undefined, person: string) {
  return { code: '4KR7-9XQ2', expires: Date.now() + 15 * 60_000, qr: pattern(), place: place ? `${place.name}, ${place.district}` : '', person };
}

function tablets(): Tablet[] {
  const ago = (hours: number) => Date.now() - hours * HOUR;
  const one = (prefix: string, place: string, hours: number | null, created: number, arrived: number, app = '0.1.0', revoked = false): Tablet => ({
    prefix, place, app, last_seen: hours === null ? null : ago(hours), created, arrived, revoked,
    missing: created - arrived, missing_since: created > arrived ? ago(3) : null, twin: prefix === 'V6RS', free: hours === null ? null : prefix === 'K9GT' ? 412 : 6_200 + created * 97, battery: hours === null ? null : prefix === 'K9GT' ? 9 : 40 + (created % 60),
  });
  return [
    one('4KR7', 'Rasimpaşa, Kadıköy', 0.07, 142, 142), one('9XQ2', 'Kabakoz, Şile', 0.7, 57, 14), one('H3M5', 'Ünalan, Üsküdar', 218, 31, 31),
    one('P8TC', 'Burgazada, Adalar', 26, 18, 14), one('7WFA', 'Burhaniye, Üsküdar', 0.02, 96, 96), one('D5NE', 'Caferağa, Kadıköy', 0.2, 204, 204),
    one('2JKB', 'Girne, Maltepe', 0.4, 61, 61), one('V6RS', 'Acıbadem, Üsküdar', 1.5, 88, 87), one('K9GT', 'Cankurtaran, Fatih', 3, 40, 40),
    one('XM4P', 'Polonezköy, Beykoz', null, 0, 0), one('C2HY', 'Selimiye, Üsküdar', 900, 73, 73, '0.0.9', true),
  ];
}

/** Looks like a QR code; the real one comes from the server. */
function pattern(): string {
  const size = 29;
  const eye = (x: number, y: number) => [[0, 0], [size - 7, 0], [0, size - 7]].some(([a = 0, b = 0]) => x >= a - 1 && x < a + 8 && y >= b - 1 && y < b + 8);
  let path = '';
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (!eye(x, y) && (x * 7 + y * 13 + x * y * 5) % 11 < 5) path += `M${x} ${y}h1v1h-1z`;
  for (const [a = 0, b = 0] of [[0, 0], [size - 7, 0], [0, size - 7]]) path += `M${a} ${b}h7v7h-7zM${a + 1} ${b + 1}v5h5v-5zM${a + 2} ${b + 2}h3v3h-3z`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-3 -3 ${size + 6} ${size + 6}" shape-rendering="crispEdges"><path d="M-3-3h${size + 6}v${size + 6}h-${size + 6}z" fill="#fff"/><path d="${path}" fill-rule="evenodd"/></svg>`;
}
