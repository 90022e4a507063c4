// What all screens of the tablet share: its status, the categories, and "something changed".
import { followLine } from '$ui/lib/line';
import { getContext, setContext } from 'svelte';
import type { Tablet } from '$ui/backend/tablet';
import type { Group } from '$ui/wire/Group';
import type { Status } from '$ui/wire/Status';
import { lockWhenIdle } from './idle';

const KEY = Symbol('app');

export class App {
  status = $state.raw<Status | null>(null);
  groups = $state.raw<Group[]>([]);
  /** Grows with each change behind the door; screens that read it ask anew. */
  changes = $state(0);
  trouble = $state.raw<unknown>(null);

  constructor(readonly door: Tablet) {}

  start(): () => void {
    void this.refresh();
    // The directory rarely changes, and a missing one only costs names.
    const categories = () => this.door.call({ call: 'categories' }).then(({ groups }) => (this.groups = groups)).catch(() => {});
    void categories();
    const unfollow = followLine((line) => void this.door.call({ call: 'line', ...line }).then((status) => (this.status = status)).catch(() => {}));
    const idle = lockWhenIdle(this);
    const unlisten = this.door.onChange(() => {
      this.changes++;
      void this.refresh();
      if (!this.groups.length) void categories();
    });
    return () => {
      unfollow();
      unlisten();
      idle();
    };
  }

  /** The muhtar has read an announcement. */
  async read(id: number): Promise<void> {
    this.status = await this.door.call({ call: 'read_announcement', id });
    this.changes++;
  }

  /** Locks the screen, where there is a PIN. */
  async lock(): Promise<void> {
    this.status = await this.door.call({ call: 'lock' });
  }

  /** Opens it; what stands behind it looks anew. */
  async unlock(pin: string): Promise<void> {
    this.status = await this.door.call({ call: 'unlock', pin });
    this.changes++;
  }

  async refresh(): Promise<void> {
    try {
      this.status = await this.door.call({ call: 'status' });
      this.trouble = null;
    } catch (cause) {
      this.trouble = cause;
    }
  }
}

export const provideApp = (app: App): App => setContext(KEY, app);
export const useApp = (): App => getContext<App>(KEY);
