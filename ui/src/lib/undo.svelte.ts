// Taking back instead of "are you sure". Two kinds: what is done already and can be reverted, and what
// cannot be reverted and is therefore only done when the time for second thoughts has passed.
export interface Undoable {
  text: string;
  undo: () => void;
}

const WAIT_MS = 8000;

class Undo {
  current = $state<Undoable | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #commit: (() => void) | null = null;

  constructor() {
    // Whoever leaves has had his second thoughts: nothing asked for is lost with the window.
    if (typeof document !== 'undefined') {
      document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && this.settle());
      addEventListener('pagehide', () => this.settle());
    }
  }

  /** It is done; `revert` takes it back. */
  done(text: string, revert: () => void): void {
    this.#show(text, revert, null);
  }

  /** `commit` runs when nobody took it back in time. */
  later(text: string, commit: () => void, revert: () => void = () => {}): void {
    this.#show(text, revert, commit);
  }

  /** Carries out what still waits, now. */
  settle(): void {
    clearTimeout(this.#timer);
    const commit = this.#commit;
    this.#commit = null;
    this.current = null;
    commit?.();
  }

  takeBack(): void {
    clearTimeout(this.#timer);
    const undo = this.current?.undo;
    this.#commit = null;
    this.current = null;
    undo?.();
  }

  /** Someone reads or holds the bar: time stands still. */
  hold(): void {
    clearTimeout(this.#timer);
  }

  release(): void {
    if (this.current) this.#timer = setTimeout(() => this.settle(), WAIT_MS);
  }

  #show(text: string, undo: () => void, commit: (() => void) | null): void {
    this.settle();
    this.current = { text, undo };
    this.#commit = commit;
    this.release();
  }
}

export const undo = new Undo();
