// Decisions that wait for second thoughts: each is sent when its time has passed or the page is left, and can be taken back
// until then.
import { SvelteMap } from 'svelte/reactivity';

/** All that have something waiting: whoever closes the tab, or signs out, has decided. */
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the screen depends on it
const everywhere = new Set<Pick<Later<unknown, unknown>, 'leave'>>();

export class Later<K, V> {
  #waiting = new SvelteMap<K, { value: V; timer: ReturnType<typeof setTimeout> }>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the screen depends on it
  #sending = new Set<K>();

  constructor(
    private readonly ms: number,
    private readonly send: (key: K, value: V) => Promise<void>,
  ) {}

  /** Everything that waits anywhere goes now; what cannot is its own page's matter. */
  static async leaveAll(): Promise<void> {
    await Promise.allSettled([...everywhere].map((later) => later.leave()));
  }

  /** The page is left: everything that waits goes now. */
  async leave(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((key) => this.now(key)));
  }

  get(key: K): V | undefined {
    return this.#waiting.get(key)?.value;
  }

  add(key: K, value: V): void {
    if (this.#sending.has(key)) return;
    this.takeBack(key);
    this.#waiting.set(key, { value, timer: setTimeout(() => void this.now(key), this.ms) });
    everywhere.add(this);
  }

  /** It is not sent; what it was. One that is on its way already is nothing to take back. */
  takeBack(key: K): V | undefined {
    if (this.#sending.has(key)) return undefined;
    const one = this.#waiting.get(key);
    clearTimeout(one?.timer);
    this.#drop(key);
    return one?.value;
  }

  /** Sends it now. It stands among what waits until that is done. */
  async now(key: K): Promise<void> {
    const one = this.#waiting.get(key);
    if (!one || this.#sending.has(key)) return;
    clearTimeout(one.timer);
    this.#sending.add(key);
    try {
      await this.send(key, one.value);
    } finally {
      this.#sending.delete(key);
      this.#drop(key);
    }
  }

  #drop(key: K): void {
    this.#waiting.delete(key);
    if (!this.#waiting.size) everywhere.delete(this);
  }
}
