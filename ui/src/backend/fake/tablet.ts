// An in-memory back end for pictures and component tests. It behaves as screens need it; what a real
// core does (routing, merging, keeping) is tested there.
import directory from '../../../../shared/data/org/categories.json';
import type { Call } from '$ui/wire/Call';
import type { Categories } from '$ui/wire/Categories';
import type { Fields } from '$ui/wire/Fields';
import type { Fix } from '$ui/wire/Fix';
import type { List } from '$ui/wire/List';
import type { Need } from '$ui/wire/Need';
import type { Outbox } from '$ui/wire/Outbox';
import type { OutboxItem } from '$ui/wire/OutboxItem';
import type { Place } from '$ui/wire/Place';
import type { Quiet } from '$ui/wire/Quiet';
import type { Request } from '$ui/wire/Request';
import type { Row } from '$ui/wire/Row';
import type { State } from '$ui/wire/State';
import type { Status } from '$ui/wire/Status';
import type { Template } from '$ui/wire/Template';
import type { Transport } from '$ui/wire/Transport';
import { fold, matches } from '$ui/lib/fold';
import { CallFailed, type Answers, type Tablet } from '../tablet';
import { announcements } from './announcements';
import { beginning, build, CENTRE, learned, seeds } from './samples';
import { pins } from './pins';
import { silence } from './sound';

const scenes = import.meta.glob('./scenes/*.svg', { query: '?raw', import: 'default', eager: true }) as Record<string, string>;

/** A picture that looks like a QR code, for pictures of the screen. */
function checks(text: string): string {
  let seed = [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const cells = Array.from({ length: 57 * 57 }, (_, i) => {
    seed = (seed * 1_664_525 + 1_013_904_223) >>> 0;
    return seed >>> 31 ? `M${i % 57} ${Math.floor(i / 57)}h1v1h-1z` : '';
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 65 65"><path fill="#fff" d="M-4-4h65v65h-65z"/><path d="${cells.join('')}"/></svg>`;
}

/** What stirs no screen, as the core has it. */
const QUIET: Record<Quiet, true> = {
  status: true, home: true, requests: true, request: true, locate: true, similar: true, pins: true, map: true, map_part: true, halves: true, outbox: true,
  receipt: true, verify_receipt: true, read_code: true, announcements: true, health: true, diagnose: true, templates: true, categories: true, suggest_category: true,
  set_draft: true, begin: true, begin_edit: true, begin_combine: true, expect_photo: true, take_shared: true, intend: true, new_draft: true, line: true, battery: true,
};
/** No person makes so many calls before a picture is taken: a screen asks because it is told, and is told because it asked. */
const TOO_MANY = 1000;

export interface Fake extends Tablet {
  /** All calls so far, oldest first. */
  calls: Call[];
}

export function fakeTablet(options: URLSearchParams): Fake {
  const scene = options.get('fake') || 'offline';
  const online = ['online', 'wifi', 'empty'].includes(scene);
  const now = Date.now();
  const requests = new Map<string, Request>(
    (scene === 'empty' || scene === 'start' ? [] : seeds).map((seed) => [`r${seed.n}`, build(seed, now)] as const),
  );
  const announced = scene === 'empty' || scene === 'start' ? [] : announcements(now, scene === 'urgent');
  const discarded = new Map<string, Request>();
  const uploads = new Map<number, number>();
  const templates = new Map<string, Template>((scene === 'empty' || scene === 'start' ? [] : learned).map((template) => [template.key, template]));
  const removed = new Set<string>();
  /** Drafts of requests that are sent anew, and what they replace. */
  const renewals = new Map<string, string>();
  const listeners = new Set<() => void>();
  const calls: Call[] = [];
  let counter = 59;
  /** Parts of a neighbour's courier file. */
  let carried = scene === 'wifi' ? 3 : 0;
  /** Whether another app handed photos over. */
  let handed = options.has('handed');

  const identity = {
    person: 'Mahalle Muhtarı', neighbourhood: 'kadikoy-rasimpasa', neighbourhood_name: 'Rasimpaşa', district_name: 'Kadıköy', prefix: '4KR7', practice: false,
  };
  const status: Status = {
    identity: scene === 'start' ? null : identity,
    link: online ? 'online' : scene === 'unknown' || scene === 'revoked' || scene === 'outdated' || scene === 'server_outdated' ? scene : 'offline',
    last_contact: scene === 'start' ? null : now - (online ? 2 : 165) * 60_000,
    next_try: now + 4 * 60_000, waiting: 0, needs_me: 0, quarantined: 0, unread: 0, urgent: null, notices: [], version: '0.1.0',
    mobile: { limit_mb: scene === 'wifi' ? 0 : null, today: 12_400_000, held: 0 },
    lock: { pin: scene === 'locked' || scene === 'waiting', locked: scene === 'locked' || scene === 'waiting', wait: scene === 'waiting' ? 240 : 0 },
    revoked: scene === 'revoked' ? { at: now - 3 * 3_600_000, handed: 3, refused: 1, photos: 4, drafts: 1 } : null,
  };
  let pin = status.lock.pin ? '2580' : '';
  if (scene === 'trouble') {
    status.notices = [{ notice: 'database_set_aside', file: 'mbs-damaged-20261124T071500Z.db', requests: 142, photos: 318 }, { notice: 'clock_wrong', seconds: 5400 }, { notice: 'twin' }, { notice: 'disk_low', free_mb: 140 }];
  }

  function refreshed(): Status {
    const items = outbox().items;
    const rows = [...requests.values()].map(({ row }) => row);
    const photos = items.filter(({ what, quarantine }) => what === 'photo' && !quarantine).length;
    const mobile = { ...status.mobile, held: status.mobile.limit_mb === 0 ? photos : 0 };
    return { ...status, mobile, unread: announced.filter(({ seen }) => seen === null).length, urgent: announced.find(({ seen, urgent }) => urgent && seen === null) ?? null, waiting: items.filter((item) => !item.quarantine).length, needs_me: rows.filter((row) => row.needs_me).length, quarantined: items.filter((item) => item.quarantine).length };
  }

  function outbox(): Outbox {
    const items: OutboxItem[] = [];
    for (const { row, photos, thread, quarantine, remedies } of requests.values()) {
      if (row.transport === 'draft' || row.transport === 'renewed') continue;
      const base = { request: row.id, title: row.discreet ? row.case_no : row.title, remedies: [] };
      if (row.transport !== 'delivered') items.push({ ...base, what: 'request', since: row.at, bytes: 840, sent: 0, quarantine, remedies });
      for (const entry of thread) {
        if (entry.transport !== 'delivered') items.push({ ...base, what: 'entry', since: entry.at, bytes: 310, sent: 0, quarantine: null });
      }
      for (const photo of photos) {
        if (!photo.delivered) items.push({ ...base, what: 'photo', since: row.at, bytes: photo.size, sent: photo.sent, quarantine, remedies });
      }
    }
    items.sort((a, b) => a.since - b.since);
    const waiting = items.filter(({ quarantine }) => quarantine === null);
    return { items, bytes: waiting.reduce((sum, item) => sum + item.bytes - item.sent, 0), carried, status };
  }

  function find(id: string): Request {
    const found = requests.get(id);
    if (!found) throw new CallFailed({ code: 'not_found', detail: id });
    return found;
  }

  function put(request: Request): Request {
    requests.set(request.row.id, request);
    return structuredClone(request);
  }

  function change(request: Request, set: Partial<Fields>): Request {
    const next = structuredClone(request);
    if (set.desc != null) next.desc = set.desc;
    if (set.title != null) next.title = set.title;
    if (set.addr != null) next.row.addr = set.addr;
    if (set.category != null) next.row.category = set.category;
    if (set.kind != null) next.kind = set.kind;
    if (set.discreet != null) next.discreet = next.row.discreet = set.discreet;
    if (set.fix != null) {
      next.fix = set.fix;
      next.place = placeOf(set.fix);
    }
    next.row.title = next.title || beginning(next.desc);
    return put(next);
  }

  function recount(request: Request): Request {
    const { row, photos } = request;
    row.photos = photos.length;
    row.photos_delivered = photos.filter((photo) => photo.delivered).length;
    row.cover = photos[0]?.hash ?? null;
    return put(request);
  }

  function answer(call: Call): Answers[keyof Answers] {
    switch (call.call) {
      case 'status':
        return refreshed();
      case 'enrol':
        if (call.code.replace(/\W/g, '').length < 6) throw new CallFailed({ code: 'enrolment_code', detail: '' });
        [status.identity, status.revoked] = [identity, null];
        if (status.link === 'revoked') status.link = 'online';
        return refreshed();
      case 'enrol_practice':
        status.identity = { ...identity, practice: true };
        return refreshed();
      case 'announcements':
        return structuredClone(announced);
      case 'read_announcement':
        for (const one of announced) if (one.id === call.id) one.seen ??= Date.now();
        return refreshed();
      case 'read_notices':
        status.notices = status.notices.filter(({ notice }) => notice !== 'database_set_aside');
        return refreshed();
      case 'home': {
        const rows = answer({ call: 'requests', query: call.query }) as Row[];
        const of = (list: List) => rows.filter(({ transport, state }) => list === listOf(transport, state));
        const to_do = call.query || call.from ? [] : rows.filter((row) => row.needs_me).map((row) => ({ ...structuredClone(find(row.id)), row }));
        return { open: of('open').length, done: of('done').length, drafts: of('drafts').length, rows: of(call.list).slice(call.from, call.from + call.most), to_do };
      }
      case 'requests':
        return [...requests.values()]
          .map(({ row, desc }) => ({ row, text: [row.title, desc, row.addr, row.case_no, row.official_no].join(' ') }))
          .filter(({ text }) => !call.query || matches(text, call.query))
          .map(({ row }) => veil(row))
          .sort((a, b) => b.at - a.at);
      case 'request':
        return structuredClone(find(call.id));
      case 'new_draft':
        return put(build({ n: counter++, ago: 0, transport: 'draft', category: '', addr: '', desc: '' }, Date.now()));
      case 'draft_like': {
        const { desc, kind, row } = find(call.id);
        const like = build({ n: counter++, ago: 0, transport: 'draft', category: row.category, addr: row.addr, desc }, Date.now());
        return put({ ...like, kind });
      }
      case 'practice_draft': {
        const draft = build({ n: counter++, ago: 0, transport: 'draft', category: '', addr: '', desc: '' }, Date.now());
        return put({ ...draft, practice: true, row: { ...draft.row, case_no: 'DENE-1-4KQ' } });
      }
      case 'halves': {
        const { desc } = find(call.id);
        const at = desc.indexOf('Ayrıca');
        return at > 0 ? { first: desc.slice(0, at).trim(), second: desc.slice(at), first_category: 'aydinlatma.sokak-lambasi', second_category: 'yol.rogar-kapagi' } : null;
      }
      case 'split_draft': {
        const { row } = change(find(call.id), { desc: call.first });
        return put(build({ n: counter++, ago: 0, transport: 'draft', category: '', addr: row.addr, desc: call.second }, Date.now()));
      }
      case 'lock':
        status.lock.locked = status.lock.pin;
        return refreshed();
      case 'unlock':
        if (call.pin !== pin) throw new CallFailed({ code: 'wrong_pin', detail: '' });
        status.lock = { ...status.lock, locked: false, wait: 0 };
        return refreshed();
      case 'set_pin':
        if (pin && call.old !== pin) throw new CallFailed({ code: 'wrong_pin', detail: '' });
        pin = call.pin;
        status.lock = { pin: pin !== '', locked: false, wait: 0 };
        return refreshed();
      case 'health':
        return { free: scene === 'trouble' ? 140_000_000 : 11_800_000_000, database: 214_300_000, photos: 37, clock_off: scene === 'trouble' ? 5400 : 2, map: scene === 'trouble' ? '2026-12' : null, map_coming: scene === 'trouble' ? 40 : null };
      case 'diagnose':
        return { text: JSON.stringify({ app: status.version, system: 'linux', database: 5, tablet: '4KR7', link: status.link, waiting: { 0: 3, 2: 4 }, refused: { bad_value: 1 } }, null, 2) };
      case 'carry_courier':
        if (call.offset + atob(call.data).length < call.total) return { step: 'more', offset: call.offset + atob(call.data).length };
        carried += 3;
        return { step: 'done', parts: 3, cut: false };
      case 'write_courier':
      case 'write_unsent':
        return { dir: '/home/muhtar/Belgeler/MBS/mbs-kurye-2026-11-24-104000', names: ['mbs-kurye-4KR7-01.mbsk'], words: 3, photos: 4 };
      case 'set_draft':
        return change(find(call.id), call.set);
      case 'edit':
        return change({ ...find(call.id), edit: null, combined: find(call.id).combined.filter(({ text }) => text !== call.set.desc) }, call.set);
      case 'discard_draft':
        discarded.set(call.id, find(call.id));
        requests.delete(call.id);
        return null;
      case 'restore_draft': {
        const back = discarded.get(call.id);
        if (!back) throw new CallFailed({ code: 'not_found', detail: call.id });
        return put(back);
      }
      case 'add_photo': {
        if (scene === 'photo_unreadable' || scene === 'photo_heic' || scene === 'disk_full') throw new CallFailed({ code: scene, detail: '' });
        const arrived = Math.min(call.total, (uploads.get(call.upload) ?? 0) + atob(call.data).length);
        uploads.set(call.upload, arrived);
        if (arrived < call.total) return { step: 'more', offset: arrived };
        const request = structuredClone(find(call.id));
        const names = Object.keys(scenes).map((path) => path.replace(/^.*\/|\.svg$/g, ''));
        const hash = `${names[request.photos.length % names.length]}-${call.upload}-0`;
        request.photos.push({ hash, kind: 'photo', width: 1600, height: 1200, size: 318_000, sent: 0, delivered: false, here: true, thumb: true });
        return { step: 'done', hash, request: recount(request), fix: null, taken: null };
      }
      case 'add_voice': {
        const request = structuredClone(find(call.id));
        request.photos.push({ hash: 'voice-12', kind: 'voice', width: 12, height: 0, size: 31_000, sent: 0, delivered: false, here: true, thumb: false });
        return recount(request);
      }
      case 'cover_photo': {
        const request = structuredClone(find(call.id));
        discarded.set(call.hash, structuredClone(request));
        request.photos = request.photos.map((photo) => (photo.hash === call.hash ? { ...photo, hash: `${photo.hash}x` } : photo));
        return put(request);
      }
      case 'move_photo': {
        const request = structuredClone(find(call.id));
        const moved = request.photos.filter(({ hash }) => hash === call.hash);
        const others = request.photos.filter(({ hash }) => hash !== call.hash);
        const at = others.findIndex(({ hash }) => hash === call.before);
        request.photos = at < 0 ? [...others, ...moved] : [...others.slice(0, at), ...moved, ...others.slice(at)];
        return recount(request);
      }
      case 'remove_photo': {
        const request = structuredClone(find(call.id));
        discarded.set(call.hash, structuredClone(request));
        request.photos = request.photos.filter((photo) => photo.hash !== call.hash);
        return recount(request);
      }
      case 'restore_photo': {
        const request = structuredClone(find(call.id));
        request.photos = discarded.get(call.hash)?.photos ?? request.photos;
        return recount(request);
      }
      case 'take_shared': {
        if (status.lock.locked) throw new CallFailed({ code: 'locked', detail: '' });
        if (!handed) return null;
        handed = false;
        if (scene === 'photo_unreadable') throw new CallFailed({ code: scene, detail: '' });
        return put(build({ n: counter++, ago: 0, transport: 'draft', category: '', addr: '', desc: '', photos: [['cukur', 0], ['yama', 0]] }, Date.now()));
      }
      case 'expect_photo':
      case 'fetch_announced_photo':
        return null;
      case 'fetch_photo':
        // It comes with the next contact.
        if (online) for (const photo of find(call.id).answer?.photos ?? []) if (photo.hash === call.hash) photo.here = photo.thumb = true;
        return null;
      case 'locate':
        return placeOf(call.fix);
      case 'templates':
        return structuredClone([...templates.values()].filter(({ key }) => !removed.has(key)));
      case 'make_template': {
        const { row, kind, title, desc } = find(call.id);
        templates.set(row.id, { key: row.id, category: row.category, kind, title, words: desc, learned: false });
        return answer({ call: 'templates' });
      }
      case 'remove_template':
        removed.add(call.key);
        return answer({ call: 'templates' });
      case 'restore_template':
        removed.delete(call.key);
        return answer({ call: 'templates' });
      case 'similar': {
        const { row, fix } = find(call.id);
        const own = [...requests.values()].find((one) => one.row.transport === 'delivered' && one.row.state !== null);
        if (!fix || !row.category) return [];
        const neighbour = { own: null, request: 'n1', who: 'Osmanağa', days: 3, metres: 110, state: 'in_progress' } as const;
        return own ? [{ own: own.row.id, request: own.row.id, who: own.row.official_no ?? own.row.case_no, days: 12, metres: 40, state: own.row.state }, neighbour] : [neighbour];
      }
      case 'relate': {
        const own = call.to === null ? undefined : requests.get(call.to);
        const related = call.to === null ? null : { own: own?.row.id ?? null, who: own ? (own.row.official_no ?? own.row.case_no) : 'Osmanağa' };
        return put({ ...structuredClone(find(call.id)), related });
      }
      case 'map':
      case 'map_part':
        return null;
      case 'pins':
        return pins((answer({ ...call, call: 'requests' }) as Row[]).filter(({ transport, state }) => call.list === listOf(transport, state)).map(({ id }) => find(id)), call.window);
      case 'mend': {
        const { row, ...request } = structuredClone(find(call.id));
        return put({ ...request, row: { ...row, transport: 'draft', needs_me: false }, quarantine: null, remedies: [] });
      }
      case 'renew': {
        const old = find(call.id);
        const draft = build({ n: counter++, ago: 0, transport: 'draft', category: old.row.category, addr: old.row.addr, desc: old.desc }, Date.now());
        renewals.set(draft.row.id, old.row.id);
        return recount({ ...draft, kind: old.kind, photos: structuredClone(old.photos) });
      }
      case 'send': {
        const request = structuredClone(find(call.id));
        if (!request.desc.trim() && !request.photos.length) throw new CallFailed({ code: 'empty', detail: '' });
        const replaced = requests.get(renewals.get(call.id) ?? '');
        if (replaced) put({ ...replaced, row: { ...replaced.row, transport: 'renewed', needs_me: false }, can: [], remedies: ['export'], renewed: { own: call.id, who: request.row.case_no } });
        request.row.transport = 'queued';
        request.can = ['message', 'add', 'withdraw'];
        request.timeline.push({ at: Date.now(), what: 'queued', state: null, unit: null, note: null, date: null, outcome: null, other: null, channel: null });
        return put(request);
      }
      case 'keep': {
        const request = structuredClone(find(call.id));
        const versions = request.conflicts.find(({ field }) => field === call.field)?.versions ?? [];
        const kept = versions.find(({ name }) => name === call.version);
        if (!kept || !versions.every(({ name }) => call.seen.includes(name))) throw new CallFailed({ code: 'versions_changed', detail: call.field });
        request.combined = request.combined.filter(({ field }) => field !== call.field);
        if (call.field === 'desc') request.desc = kept.text;
        request.conflicts = request.conflicts.filter(({ field }) => field !== call.field);
        request.row.conflicts = request.conflicts.length;
        request.row.needs_me = request.question !== null || request.quarantine !== null || request.conflicts.length > 0;
        return put(request);
      }
      case 'combine': {
        const version = find(call.id).conflicts.find(({ field }) => field === call.field)?.versions[0]?.name ?? '';
        const request = answer({ call: 'keep', id: call.id, field: call.field, version, seen: call.seen }) as Request;
        return change(request, { [call.field]: call.text.trim() });
      }
      case 'intend': {
        const request = find(call.id);
        request.begun = [...request.begun.filter(({ kind }) => kind !== call.kind), { kind: call.kind, text: '', photos: [] }];
        return null;
      }
      case 'begin': {
        const request = find(call.id);
        request.begun = request.begun.filter(({ kind }) => kind !== call.kind);
        if (call.text || call.photos.length) request.begun.push({ kind: call.kind, text: call.text, photos: call.photos });
        return null;
      }
      case 'begin_combine': {
        const request = find(call.id);
        request.combined = request.combined.filter(({ field }) => field !== call.field);
        if (call.text) request.combined.push({ field: call.field, text: call.text });
        return null;
      }
      case 'begin_edit':
        find(call.id).edit = Object.keys(call.set).length ? call.set : null;
        return null;
      case 'say': {
        const request = structuredClone(find(call.id));
        request.thread.push({ kind: call.kind, text: call.text, mine: true, author: null, at: Date.now(), transport: 'queued', refused: null, photos: call.photos });
        request.begun = request.begun.filter(({ kind }) => kind !== call.kind);
        if (call.kind === 'answer') request.question = null;
        if (call.kind !== 'message' && call.kind !== 'note') request.can = request.can.filter((kind) => kind === 'message' || kind === 'add');
        request.row.needs_me = request.conflicts.length > 0;
        return put(request);
      }
      case 'outbox':
        return { ...outbox(), status: refreshed() };
      case 'sync_now':
        if (status.link === 'offline') throw new CallFailed({ code: 'offline', detail: '' });
        return refreshed();
      case 'write_receipt':
        return { dir: '/home/muhtar/Belgeler/MBS/mbs-alindi-belgesi-2026-11-24-104000', names: [`2026-000142.${atob(call.file.slice(0, 8)).startsWith('%PDF') ? 'pdf' : 'png'}`], words: 1, photos: 0 };
      case 'receipt':
      case 'verify_receipt': {
        if (call.call === 'verify_receipt' && !call.text.startsWith('MBS1:')) throw new CallFailed({ code: 'receipt_unreadable', detail: '' });
        const { row } = call.call === 'receipt' ? find(call.id) : { row: [...requests.values()].map((one) => one.row).find((one) => one.official_no)! };
        return { official_no: row.official_no ?? '2026-000142', case_no: row.case_no, subject: row.title, received: row.at + 60_000, content: 'ab'.repeat(32), text: 'MBS1:', qr: checks(row.case_no) };
      }
      case 'read_code':
        if (scene === 'start') return { text: 'https://mbs.belediye.example#ABCD-1234' };
        throw new CallFailed({ code: 'no_code', detail: '' });
      case 'battery':
        return null;
      case 'line':
        return refreshed();
      case 'mobile_limit':
        status.mobile.limit_mb = call.mb;
        return refreshed();
      case 'categories':
        return categories();
      case 'suggest_category':
        return suggest(call.text);
    }
  }

  return {
    calls,
    async call<C extends Call>(call: C) {
      calls.push(structuredClone(call));
      if (calls.length === TOO_MANY) {
        queueMicrotask(() => {
          throw new Error(`the screens ask in a circle: ${call.call}`);
        });
      }
      const result = answer(call) as Answers[C['call']];
      if (!(call.call in QUIET)) setTimeout(() => listeners.forEach((changed) => changed()));
      return result;
    },
    onChange(changed) {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    photoUrl: (hash) => hash.startsWith('voice') ? silence(Number(hash.split('-')[1])) : `data:image/svg+xml,${encodeURIComponent(scenes[`./scenes/${hash.split('-')[0]}.svg`] ?? '<svg xmlns="http://www.w3.org/2000/svg"/>')}`,
  };
}

const listOf = (transport: Transport, state: State | null): List =>
  transport === 'draft' ? 'drafts' : transport === 'renewed' || ['concluded', 'closed', 'cancelled'].includes(state ?? '') ? 'done' : 'open';

/** As lists show it: of a discreet one nothing that tells what it is about. */
const veil = (row: Row): Row => (row.discreet ? { ...row, title: '', addr: '', category: '', cover: null } : row);

function placeOf(fix: Fix): Place {
  const near = Math.abs(fix.lat - CENTRE.lat) < 0.004 && Math.abs(fix.lon - CENTRE.lon) < 0.006;
  return near
    ? { neighbourhood: 'kadikoy-rasimpasa', neighbourhood_name: 'Rasimpaşa', district_name: 'Kadıköy', own: true, nearest_name: null }
    : { neighbourhood: 'kadikoy-caferaga', neighbourhood_name: 'Caferağa', district_name: 'Kadıköy', own: false, nearest_name: null };
}

function categories(): Categories {
  return {
    groups: directory.groups.map(({ code, name, name_en }) => ({
      code, name, name_en,
      categories: directory.categories
        .filter((category) => category.code.startsWith(`${code}.`))
        .map((category) => ({
          code: category.code, name: category.name, name_en: category.name_en, photo: category.photo as Need, location: category.location as Need,
          keywords: category.keywords, target_days: category.target_days, sensitive: category.sensitive, retired: false,
        })),
    })),
  };
}

function suggest(text: string) {
  const folded = fold(text);
  return directory.categories
    .map(({ code, keywords }) => ({ code, because: keywords.filter((word) => folded.includes(fold(word))) }))
    .filter(({ because }) => because.length > 0)
    .sort((a, b) => b.because.length - a.because.length)
    .slice(0, 5);
}
