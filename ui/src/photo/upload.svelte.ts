// Hands an original photo to the core: slice after slice, with progress, nothing shrunk or stripped on
// the way. Position and time are in the file's metadata, and a canvas would lose them.
import type { Tablet } from '$ui/backend/tablet';
import { base64 } from '$ui/lib/base64';
import type { Fix } from '$ui/wire/Fix';
import type { Request } from '$ui/wire/Request';

/** Small enough for a message between the page and the core on a weak tablet. */
export const SLICE = 256 * 1024;

export interface Done {
  /** The new photo. */
  hash: string;
  request: Request;
  fix: Fix | null;
  taken: string | null;
}

export interface Upload {
  id: number;
  name: string;
  /** Preview of the original while it is being handed over. */
  preview: string;
  total: number;
  sent: number;
  failed: unknown;
}

/** Photos and voice notes of a request at most. */
export const MAX_FILES = 6;

let count = 0;

export class Uploads {
  list = $state<Upload[]>([]);
  #line: Promise<void> = Promise.resolve();

  constructor(
    private readonly door: Tablet,
    private readonly request: () => string,
    private readonly done: (done: Done) => void,
  ) {}

  /** The camera opens: should the app be ended meanwhile, its photo is not lost. */
  expect(): void {
    void this.door.call({ call: 'expect_photo', id: this.request() }).catch(() => {}); // as before it: one photo more to take
  }

  /** The camera was closed without one: none that was taken before is this request's. */
  expectNone(): void {
    void this.door.call({ call: 'expect_photo', id: null }).catch(() => {});
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      // Unique within a session of the core; a restarted screen must not meet the halves of an earlier one.
      const id = ((Date.now() & 0xfffff) << 10) | (count++ & 0x3ff);
      this.list.push({ id, name: file.name, preview: URL.createObjectURL(file), total: file.size, sent: 0, failed: null });
      // One after the other: the core decodes each, and a tablet has little memory.
      this.#line = this.#line.then(() => this.#send(id, file));
    }
  }

  /** Resolves when all that was chosen so far has arrived or failed. */
  idle(): Promise<void> {
    return this.#line;
  }

  /** Takes a failed one from the screen. */
  dismiss(id: number): void {
    const found = this.list.find((upload) => upload.id === id);
    if (found) URL.revokeObjectURL(found.preview);
    this.list = this.list.filter((upload) => upload.id !== id);
  }

  async #send(id: number, file: File): Promise<void> {
    const upload = () => this.list.find((candidate) => candidate.id === id);
    try {
      let offset = 0;
      for (;;) {
        const slice = file.slice(offset, offset + SLICE);
        const step = await this.door.call({
          call: 'add_photo',
          id: this.request(),
          upload: id,
          offset,
          total: file.size,
          data: await base64(slice),
        });
        if (step.step === 'done') {
          this.dismiss(id);
          this.done(step);
          return;
        }
        if (step.offset <= offset) throw new Error('the photo does not get on');
        offset = step.offset;
        const shown = upload();
        if (shown) shown.sent = offset;
      }
    } catch (cause) {
      const shown = upload();
      if (shown) shown.failed = cause;
    }
  }
}
