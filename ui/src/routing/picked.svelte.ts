// Requests a person picked from a list, for one decision about all of them.
import { SvelteSet } from 'svelte/reactivity';

export const MOST_PICKED = 100;

export class Picked {
  #ids = new SvelteSet<string>();

  get size(): number {
    return this.#ids.size;
  }

  get ids(): string[] {
    return [...this.#ids];
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  toggle(id: string): void {
    if (this.#ids.has(id)) this.#ids.delete(id);
    else if (this.#ids.size < MOST_PICKED) this.#ids.add(id);
  }

  /** All of them, or none where all were picked. */
  toggleAll(ids: string[]): void {
    const all = ids.every((id) => this.#ids.has(id));
    for (const id of ids) if (all === this.#ids.has(id)) this.toggle(id);
  }

  clear(): void {
    this.#ids.clear();
  }
}
