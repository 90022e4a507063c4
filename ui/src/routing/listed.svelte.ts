// A list, page by page. What changes in the city is asked for again as far as one has read, so that nothing one reads is gone.
import type { Ask } from '$ui/backend/desk';
import type { Queue } from '$ui/wire/Queue';
import type { QueueRow } from '$ui/wire/QueueRow';
import { Loaded } from './loaded.svelte';

/** Pages that are asked for again at most: whoever reads further loses what lies behind them. */
export const MOST_PAGES = 10;

export class Listed extends Loaded<Queue> {
  #ask: Ask = { list: 'all' };
  #key = '';
  #pages = 1;
  /** Something changed while it was asked for. */
  #again = false;

  constructor(private readonly page: (ask: Ask) => Promise<Queue>) {
    super();
  }

  get rows(): QueueRow[] {
    return this.value?.rows ?? [];
  }

  /** Shows a list from its beginning; the one that is shown, as far as it is shown. */
  async show(ask: Ask): Promise<void> {
    const key = JSON.stringify(ask);
    if (key === this.#key) {
      this.#pages = Math.min(this.#pages, MOST_PAGES);
      await this.#refresh();
      return;
    }
    this.#ask = ask;
    this.#key = key;
    this.#pages = 1;
    await this.#read((wanted) => this.#all(wanted));
  }

  /** One page more. */
  async more(): Promise<void> {
    const { value } = this;
    if (!value?.next) return;
    this.#pages += 1;
    if (this.busy) await this.#refresh();
    else await this.#read(() => this.#after(value));
  }

  /** Waits for what is being asked: a city in which much happens would overtake every answer. */
  async #refresh(): Promise<void> {
    if (this.busy) this.#again = true;
    else await this.#read((wanted) => this.#all(wanted));
  }

  async #read(ask: (wanted: () => boolean) => Promise<Queue>): Promise<void> {
    this.#again = false;
    await this.load(ask);
    if (this.#again) await this.#refresh();
  }

  async #all(wanted: () => boolean): Promise<Queue> {
    let queue = await this.page(this.#ask);
    for (let read = 1; read < this.#pages && queue.next && wanted(); read += 1) queue = await this.#after(queue);
    return queue;
  }

  async #after(before: Queue): Promise<Queue> {
    const page = await this.page({ ...this.#ask, after: before.next ?? undefined });
    // What became more urgent between two pages stands in the first already, and is there once.
    const rows = page.rows.filter(({ id }) => !before.rows.some((row) => row.id === id));
    return { ...page, rows: [...before.rows, ...rows] };
  }
}

/** Where a step leads from the row that stands `at`; from one that has left the list (-1), from where it `stood`. */
export const beside = (at: number, stood: number, by: number): number => (at >= 0 ? at + by : by > 0 ? stood + by - 1 : stood + by);
