// Every keystroke is kept: what changed goes to the core at most 150 ms later, and at once when the screen
// is hidden or left. One write at a time, in order; what is typed during a write goes with the next.
import { CallFailed } from '$ui/backend/tablet';

export const KEEP_AFTER_MS = 150;
const TRY_AGAIN_MS = 2000;

export class Autosave<Set extends object> {
  #pending: Partial<Set> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly write: (set: Partial<Set>) => Promise<void>,
    private readonly failed: (cause: unknown) => void,
  ) {}

  set(change: Partial<Set>): void {
    Object.assign(this.#pending, change);
    this.#timer ??= setTimeout(() => void this.flush(), KEEP_AFTER_MS);
  }

  get dirty(): boolean {
    return Object.keys(this.#pending).length > 0;
  }

  /** Writes what is pending and waits until it is kept. A failure keeps it for the next try. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.dirty) return;
    const set = this.#pending;
    this.#pending = {};
    try {
      await this.write(set);
    } catch (cause) {
      this.#pending = { ...set, ...this.#pending };
      // Locked in the middle of it: kept here, and written when the screen is open again.
      if (CallFailed.from(cause).code === 'locked') this.#timer ??= setTimeout(() => void this.flush(), TRY_AGAIN_MS);
      else this.failed(cause);
    }
  }
}

/** Calls back when the screen is hidden or closed; returns how to stop that. */
export function onHidden(flush: () => void): () => void {
  const hidden = () => document.visibilityState === 'hidden' && flush();
  document.addEventListener('visibilitychange', hidden);
  addEventListener('pagehide', flush);
  return () => {
    document.removeEventListener('visibilitychange', hidden);
    removeEventListener('pagehide', flush);
  };
}
