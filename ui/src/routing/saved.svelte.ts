// Filters a person wants to find again: a name and the address of the list as it was filtered. They stay in this browser;
// an address can be sent to somebody else.
import { keep, readKept } from '$ui/lib/kept';

export interface SavedFilter {
  name: string;
  to: string;
}

const MOST = 20;

export class Saved {
  list: SavedFilter[] = $state([]);
  #key = '';

  /** Whose they are. */
  of(person: string): void {
    this.#key = `mbs.desk.filters.${person}`;
    this.list = readKept<{ list: SavedFilter[] }>(this.#key)?.list ?? [];
  }

  has(to: string): boolean {
    return this.list.some((one) => one.to === to);
  }

  add(one: SavedFilter): void {
    if (!this.has(one.to)) this.#keep([...this.list, one].slice(-MOST));
  }

  drop(to: string): void {
    this.#keep(this.list.filter((one) => one.to !== to));
  }

  #keep(list: SavedFilter[]): void {
    this.list = list;
    keep(this.#key, list.length ? { list } : null);
  }
}
