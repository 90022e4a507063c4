// What is looked at on "my tablet", each with what it means and the one thing that can be done about it.
import { ago, bytes, number } from '$ui/lib/format';
import { keep, readKept } from '$ui/lib/kept';
import { m } from '$ui/paraglide/messages';
import type { Health } from '$ui/wire/Health';
import type { Status } from '$ui/wire/Status';

/** What the system allows the app; `unknown` where it does not say. */
export type Permit = 'granted' | 'denied' | 'prompt' | 'unknown';
export interface Permits {
  location: Permit;
  microphone: Permit;
  camera: Permit;
}
type Asked = keyof Permits;

/** What only the page itself can tell. */
export interface Around {
  /** Whether the shipped map opens; `null`: not looked at yet. */
  map: boolean | null;
  /** Whether somebody looked at the system's battery setting, which no page can see; `null`: there is none here. */
  battery: boolean | null;
}

export type Remedy = 'send' | 'outbox' | 'enrol' | Asked | 'pin' | 'map' | 'battery';

export interface Check {
  name: string;
  /** Fine, worth doing soon, or to be mended now. */
  state: 'ok' | 'soon' | 'mend';
  title: string;
  text?: string;
  remedy?: Remedy;
}

const DAY = 86_400_000;
const CLOCK_SECONDS = 5 * 60;
const SPACE_SOON = 1_000_000_000;
const SPACE_MEND = 200 * 1024 * 1024;

export function checks(status: Status, health: Health | null, permits: Permits, around: Around, now = Date.now()): Check[] {
  const practice = status.identity?.practice ?? false;
  return [
    ...(practice ? [] : [contact(status, now)]),
    ...told(status),
    ...(status.quarantined ? [{ name: 'refused', state: 'mend', title: m.check_refused({ count: status.quarantined }), text: m.check_refused_text(), remedy: 'outbox' } satisfies Check] : []),
    clock(health),
    space(health),
    permit('location', permits.location),
    permit('camera', permits.camera),
    permit('microphone', permits.microphone),
    status.link === 'outdated'
      ? { name: 'version', state: 'mend', title: m.check_version_old({ version: status.version }), text: m.outdated_text() }
      : { name: 'version', state: 'ok', title: m.check_version({ version: status.version }) },
    status.lock.pin
      ? { name: 'pin', state: 'ok', title: m.check_pin() }
      : { name: 'pin', state: 'soon', title: m.check_no_pin(), text: m.check_no_pin_text(), remedy: 'pin' },
    ...battery(around.battery),
    ...map(health, around.map),
  ];
}

/** Which map is shown, and how much of a newer one has come. */
function map(health: Health | null, opens: boolean | null): Check[] {
  const name = 'map';
  if (opens === false) return [{ name, state: 'mend', title: m.check_map_bad(), text: m.check_map_bad_text(), remedy: name }];
  const here: Check = { name, state: 'ok', title: health?.map ? m.check_map_pack({ version: health.map }) : m.check_map() };
  const coming = health?.map_coming ?? null;
  return coming === null ? [here] : [here, { name: 'map_coming', state: 'ok', title: m.check_map_coming({ percent: number(coming) }) }];
}

/** What elsewhere stands as a banner, and is not looked at below. */
function told(status: Status): Check[] {
  const found: Check[] = status.link === 'server_outdated' ? [{ name: 'server', state: 'mend', title: m.server_outdated_title(), text: m.server_outdated_text() }] : [];
  for (const notice of status.notices) {
    if (notice.notice === 'database_set_aside') found.push({ name: notice.file, state: 'mend', title: m.set_aside_title(), text: m.set_aside_text({ requests: number(notice.requests), photos: number(notice.photos), file: notice.file }) });
    if (notice.notice === 'twin') found.push({ name: 'twin', state: 'mend', title: m.twin_title(), text: m.twin_text(), remedy: 'enrol' });
  }
  return found;
}

function contact(status: Status, now: number): Check {
  const name = 'contact';
  if (status.link === 'unknown') return { name, state: 'mend', title: m.unknown_title(), text: m.unknown_text(), remedy: 'enrol' };
  const last = status.last_contact;
  if (last === null) return { name, state: 'soon', title: m.check_never(), text: m.check_contact_text(), remedy: 'send' };
  const state = now - last > 7 * DAY ? 'mend' : now - last > DAY || status.waiting > 0 ? 'soon' : 'ok';
  const title = m.check_contact({ when: ago(last, now) });
  return state === 'ok' ? { name, state, title } : { name, state, title, text: status.waiting ? m.link_safe({ count: status.waiting }) : m.check_contact_text(), remedy: 'send' };
}

function clock(health: Health | null): Check {
  const off = health?.clock_off ?? 0;
  if (Math.abs(off) <= CLOCK_SECONDS) return { name: 'clock', state: 'ok', title: m.check_clock_good() };
  const minutes = number(Math.round(Math.abs(off) / 60));
  return { name: 'clock', state: 'mend', title: off > 0 ? m.clock_fast({ minutes }) : m.clock_slow({ minutes }), text: m.clock_text() };
}

/** Android ends what saves too much; only a person can look at how it is set. */
function battery(looked: boolean | null): Check[] {
  if (looked === null) return [];
  const name = 'battery';
  return [looked ? { name, state: 'ok', title: m.check_battery() } : { name, state: 'soon', title: m.check_battery_open(), text: m.check_battery_text(), remedy: name }];
}

function space(health: Health | null): Check {
  if (!health) return { name: 'space', state: 'ok', title: m.check_disk() };
  const title = m.check_space({ free: bytes(health.free), used: bytes(health.database) });
  if (health.free < SPACE_MEND) return { name: 'space', state: 'mend', title, text: m.disk_text() };
  return health.free < SPACE_SOON ? { name: 'space', state: 'soon', title, text: m.check_space_soon() } : { name: 'space', state: 'ok', title };
}

function permit(name: Asked, permit: Permit): Check {
  const words = {
    location: { good: m.check_location, bad: m.check_location_off, text: m.check_location_text },
    camera: { good: m.check_camera, bad: m.check_camera_off, text: m.check_camera_text },
    microphone: { good: m.check_microphone, bad: m.check_microphone_off, text: m.check_microphone_text },
  }[name];
  if (permit === 'denied') return { name, state: 'soon', title: words.bad(), text: m.check_denied() };
  if (permit === 'prompt') return { name, state: 'soon', title: words.bad(), text: words.text(), remedy: name };
  return { name, state: 'ok', title: words.good() };
}

/** Asks the system what it allows. */
export async function permitted(): Promise<Permits> {
  const ask = async (name: 'geolocation' | 'microphone' | 'camera'): Promise<Permit> => {
    try {
      return (await navigator.permissions.query({ name: name as PermissionName })).state;
    } catch {
      return 'unknown';
    }
  };
  return { location: await ask('geolocation'), microphone: await ask('microphone'), camera: await ask('camera') };
}

const LOOKED = 'mbs.battery';

/** Whether the map opens, and whether the battery setting was looked at. */
export async function lookAround(): Promise<Around> {
  const map = await import('$ui/map/borders').then(({ cityMap }) => cityMap()).then(() => true, () => false);
  return { map, battery: /Android/.test(navigator.userAgent) ? readKept(LOOKED) !== null : null };
}

export const lookedAtBattery = (): boolean => keep(LOOKED, { at: Date.now() });

/** Brings the system's question up; what was answered shows at the next look. */
export async function askFor(name: Asked): Promise<void> {
  if (name === 'location') return new Promise((done) => navigator.geolocation.getCurrentPosition(() => done(), () => done(), { timeout: 10_000 }));
  const stream = await navigator.mediaDevices.getUserMedia(name === 'camera' ? { video: true } : { audio: true }).catch(() => null);
  for (const track of stream?.getTracks() ?? []) track.stop();
}
