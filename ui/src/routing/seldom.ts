// Something that costs the server much, asked for whenever anything changes: done at most once in a while, and never forgotten.
export class Seldom {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;

  constructor(
    private readonly ms: number,
    private readonly what: () => void,
    /** So long is waited at least for what comes together. */
    private readonly gather = 0,
  ) {}

  /** At once. */
  now(): void {
    this.stop();
    this.#last = Date.now();
    this.what();
  }

  /** Once what comes together is there, where the last time is long enough ago, else as soon as it is. */
  soon(): void {
    this.#timer ??= setTimeout(() => this.now(), Math.max(this.gather, this.#last + this.ms - Date.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
