// What all screens of the tablet share: its status, the categories, and "something changed".
import { followBattery } from '$ui/lib/battery';
import { followLine } from '$ui/lib/line';
import { getContext, setContext } from 'svelte';
import { CallFailed, type Tablet } from '$ui/backend/tablet';
import { mapsFrom } from '$ui/map/pack';
import { go } from '$ui/lib/route.svelte';
import type { Group } from '$ui/wire/Group';
import type { Request } from '$ui/wire/Request';
import type { Status } from '$ui/wire/Status';
import type { Suggestion } from '$ui/wire/Suggestion';
import { m } from '$ui/paraglide/messages';
import { lockWhenIdle } from './idle';

const KEY = Symbol('app');

export class App {
  status = $state.raw<Status | null>(null);
  groups = $state.raw<Group[]>([]);
  /** Grows with each change behind the door; screens that read it ask anew. */
  changes = $state(0);
  /** Whether one's requests are shown on the map; stays while one looks at some of them. */
  asMap = $state(false);
  trouble = $state.raw<unknown>(null);
  /** The request into which a photo came from outside, as it is now; its page may be open. */
  found = $state.raw<Request | null>(null);
  /** Why photos that another app handed over could not be taken in. */
  handed = $state.raw<unknown>(null);

  constructor(readonly door: Tablet) {
    mapsFrom(door);
  }

  start(): () => void {
    void this.refresh().then(() => this.#takeShared());
    // The directory rarely changes, and a missing one only costs names.
    const categories = () => this.door.call({ call: 'categories' }).then(({ groups }) => (this.groups = groups)).catch(() => {});
    void categories();
    const unfollow = followLine((line) => void this.door.call({ call: 'line', ...line }).then((status) => (this.status = status)).catch(() => {}));
    const discharge = followBattery((percent) => void this.door.call({ call: 'battery', percent }).catch(() => {}));
    const idle = lockWhenIdle(this);
    const seen = () => document.visibilityState === 'visible' && void this.#takeShared();
    document.addEventListener('visibilitychange', seen);
    const unlisten = this.door.onChange(() => {
      this.changes++;
      void this.refresh();
      if (!this.groups.length) void categories();
    });
    return () => {
      unfollow();
      discharge();
      unlisten();
      idle();
      document.removeEventListener('visibilitychange', seen);
    };
  }

  /** Which categories fit the words. */
  readonly suggest = (text: string): Promise<Suggestion[]> => this.door.call({ call: 'suggest_category', text });

  /** Lets the whole of an announcement's photo come down; what goes wrong is tried again when it is opened again. */
  wantAnnounced(id: number, hash: string): void {
    void this.door.call({ call: 'fetch_announced_photo', id, hash }).catch(() => {});
  }

  /** The muhtar has read an announcement. */
  async read(id: number): Promise<void> {
    this.status = await this.door.call({ call: 'read_announcement', id });
    this.changes++;
  }

  /** The muhtar has read what stands above the pages until he has. */
  async readNotices(): Promise<void> {
    this.status = await this.door.call({ call: 'read_notices' });
  }

  /** Locks the screen, where there is a PIN. */
  async lock(): Promise<void> {
    this.status = await this.door.call({ call: 'lock' });
  }

  /** Opens it; what stands behind it looks anew. */
  async unlock(pin: string): Promise<void> {
    this.status = await this.door.call({ call: 'unlock', pin });
    this.changes++;
    void this.#takeShared();
  }

  /** Photos that another app handed over while nobody looked open as a draft, one that was taken while the app was ended in its
   *  request; what is being written elsewhere is kept. */
  async #takeShared(): Promise<void> {
    // They wait until the screen is open, and somebody is known here.
    if (!this.status?.identity || this.status.lock.locked || this.status.revoked) return;
    try {
      const found = await this.door.call({ call: 'take_shared' });
      if (!found) return;
      this.found = found;
      this.changes++;
      go(`#/${found.row.transport === 'draft' ? 'draft' : 'request'}/${found.row.id}`);
    } catch (cause) {
      // Locked in the middle of it: the next look takes them.
      if (CallFailed.from(cause).code !== 'locked') this.handed = cause;
    }
  }

  /** Tells whoever looks elsewhere that something came in; not what: anybody may see it. */
  #tell(before: Status, now: Status): void {
    if (!document.hidden && document.hasFocus()) return;
    if (now.needs_me > before.needs_me) this.door.tell?.(m.tell_needs_me());
    else if (now.unread > before.unread) this.door.tell?.(m.tell_announcement());
  }

  async refresh(): Promise<void> {
    try {
      const [before, now] = [this.status, await this.door.call({ call: 'status' })];
      this.status = now;
      this.trouble = null;
      if (before) this.#tell(before, now);
    } catch (cause) {
      this.trouble = cause;
    }
  }
}

export const provideApp = (app: App): App => setContext(KEY, app);
export const useApp = (): App => getContext<App>(KEY);
