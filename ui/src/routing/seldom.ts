// Something that costs the server much, asked for whenever anything changes: done at most once in a while, and never forgotten.
export class Seldom {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;

  constructor(
    private readonly ms: number,
    private readonly what: () => void,
  ) {}

  /** At once. */
  now(): void {
    this.stop();
    this.#last = Date.now();
    this.what();
  }

  /** At once where the last time is long enough ago, else as soon as it is. */
  soon(): void {
    this.#timer ??= setTimeout(() => this.now(), Math.max(0, this.#last + this.ms - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
