// What the muhtar says about a sent request: kept as it is typed, until it is said. Whoever is called away
// in the middle of an objection finds it as he left it.
import type { Tablet } from '$ui/backend/tablet';
import type { Begun } from '$ui/wire/Begun';
import type { EntryKind } from '$ui/wire/EntryKind';
import type { Request } from '$ui/wire/Request';
import { Autosave } from './autosave';

export class Saying {
  text = $state('');
  /** Photos of the request that go with it. */
  photos = $state<string[]>([]);
  busy = $state(false);
  #kept: Autosave<Omit<Begun, 'kind'>>;

  constructor(
    private readonly door: Tablet,
    private readonly request: string,
    private readonly kind: EntryKind,
    private readonly said: (request: Request) => void,
    private readonly failed: (cause: unknown) => void,
  ) {
    const write = async ({ text = this.text, photos = $state.snapshot(this.photos) }: Partial<Begun>) => {
      await door.call({ call: 'begin', id: request, kind, text, photos });
    };
    this.#kept = new Autosave(write, failed);
  }

  /** Whether there is anything to say. */
  get begun(): boolean {
    return this.text.trim() !== '' || this.photos.length > 0;
  }

  /** Goes on where it was left. Photos that were taken out of the request meanwhile are not there any more. */
  resume({ begun, photos }: Request): void {
    const left = begun.find(({ kind }) => kind === this.kind);
    if (!left || this.begun) return;
    this.text = left.text;
    this.photos = left.photos.filter((hash) => photos.some((photo) => photo.hash === hash));
  }

  /** Keeps the words as they stand. */
  keep(): void {
    this.#kept.set({ text: this.text });
  }

  attach(photo: string): void {
    this.photos.push(photo);
    this.#kept.set({ photos: $state.snapshot(this.photos) });
  }

  flush(): Promise<void> {
    return this.#kept.flush();
  }

  /** Says it; whether that was kept. Where it was not, the words stay in the field and the page says why. */
  async say(): Promise<boolean> {
    if (this.busy || !this.begun) return false;
    this.busy = true;
    try {
      await this.flush();
      const [text, photos] = [this.text, $state.snapshot(this.photos)];
      this.said(await this.door.call({ call: 'say', id: this.request, kind: this.kind, text: text.trim(), photos }));
      if (this.text === text) this.text = ''; // who typed on meanwhile is not cut off
      this.photos = [];
      // What was typed while it was said goes on as the next; what was said does not come back.
      this.#kept.set({ text: this.text, photos: [] });
      return true;
    } catch (cause) {
      this.failed(cause);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
