// A request that is being entered at the desk: kept in this browser with every keystroke, with the id it will have, so
// that a form sent twice is one request.
import { untrack } from 'svelte';
import { keep, readKept } from '$ui/lib/kept';
import type { NewRequest } from '$ui/wire/NewRequest';

const key = (owner: string) => `mbs.desk.entering.${owner}`;

const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Channel and muhtarlık stay for the next one: petitions come in heaps. */
export const blankEntry = (like?: NewRequest): NewRequest => ({
  id: newId(),
  channel: like?.channel ?? 'phone',
  muhtarlik: like?.muhtarlik ?? '',
  category: '',
  kind: 'wish',
  title: '',
  desc: '',
  addr: '',
  place: null,
  discreet: false,
  photos: [],
});

export class Entering {
  form: NewRequest = $state(blankEntry());
  /** When it was last kept, Unix ms; 0 for never, null when the browser refuses to. */
  kept: number | null = $state(0);

  /** What lies in the browser. */
  #kept: Partial<NewRequest> | null = null;

  constructor(private readonly owner: string) {
    this.#kept = readKept<NewRequest>(key(owner));
    this.form = { ...blankEntry(), ...this.#kept };
  }

  get written(): boolean {
    const { desc, title, addr, category, photos, place } = this.form;
    return [desc, title, addr, category].some((text) => text.trim() !== '') || photos.length > 0 || place !== null;
  }

  /** Call in an effect: runs again with each change of the form. */
  keep(): void {
    const now = $state.snapshot(this.form);
    if (!this.written && !untrack(() => this.kept)) return;
    if (JSON.stringify(now) === JSON.stringify(this.#kept)) return;
    this.#kept = now;
    this.kept = keep(key(this.owner), now) ? Date.now() : null;
  }

  /** Begins the next one. */
  next(): void {
    this.form = blankEntry($state.snapshot(this.form));
    this.kept = 0;
    this.#kept = null;
    keep(key(this.owner), null);
  }
}
