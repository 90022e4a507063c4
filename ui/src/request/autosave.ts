// Every keystroke is kept: fields that changed go to the core at most 150 ms later, and at once when the
// screen is hidden or left. One write at a time, in order; what is typed during a write goes with the next.
import type { Tablet } from '$ui/backend/tablet';
import { CallFailed, fields } from '$ui/backend/tablet';
import type { Fields } from '$ui/wire/Fields';
import type { Request } from '$ui/wire/Request';

export const KEEP_AFTER_MS = 150;
const TRY_AGAIN_MS = 2000;

export class Autosave {
  #pending: Partial<Fields> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly door: Tablet,
    private readonly id: string,
    private readonly saved: (request: Request) => void,
    private readonly failed: (cause: unknown) => void,
  ) {}

  set(change: Partial<Fields>): void {
    Object.assign(this.#pending, change);
    this.#timer ??= setTimeout(() => void this.flush(), KEEP_AFTER_MS);
  }

  get dirty(): boolean {
    return Object.keys(this.#pending).length > 0;
  }

  /** Writes what is pending and waits until it is kept. A failure keeps the fields for the next try. */
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
      this.saved(await this.door.call({ call: 'set_draft', id: this.id, set: fields(set) }));
    } catch (cause) {
      this.#pending = { ...set, ...this.#pending };
      // Locked in the middle of it: kept here, and written when the screen is open again.
      if (CallFailed.from(cause).code === 'locked') this.#timer ??= setTimeout(() => void this.flush(), TRY_AGAIN_MS);
      else this.failed(cause);
    }
  }
}
