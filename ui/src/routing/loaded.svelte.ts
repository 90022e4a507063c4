// Something asked for: what came last, whether it is being asked, and what went wrong. An answer that
// was overtaken by a later question is dropped; a failure leaves what is there on the screen.
import { troubleOf, type DeskFailed } from '$ui/backend/desk';

export class Loaded<T> {
  value: T | null = $state.raw(null);
  trouble: DeskFailed | null = $state.raw(null);
  busy = $state(false);
  /** When it last came, Unix ms. */
  at = $state(0);
  #turn = 0;

  /** `wanted` says whether the answer still is. */
  async load(ask: (wanted: () => boolean) => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const value = await ask(() => turn === this.#turn);
      if (turn === this.#turn) this.set(value);
    } catch (cause) {
      if (turn === this.#turn) this.trouble = troubleOf(cause);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  set(value: T | null): void {
    this.value = value;
    this.trouble = null;
    this.at = Date.now();
  }
}
