// Second thoughts: what a person decided is sent only when ten seconds have passed, when he says so, or
// when he leaves the page. Until then it can be taken back and nobody has seen it; what the server
// appended is never taken back.
import { troubleOf, type Desk, type DeskFailed } from '$ui/backend/desk';
import type { Act } from '$ui/wire/Act';
import type { DeskRequest } from '$ui/wire/DeskRequest';

export const UNDO_MS = 10_000;

export type Stage = 'waiting' | 'sending' | 'failed';

export interface Pending {
  /** Request. */
  id: string;
  no: string;
  act: Act;
  /** What was done, in a sentence. */
  text: string;
  /** When it goes, Unix ms. */
  goes: number;
  stage: Stage;
  trouble: DeskFailed | null;
}

export interface Outcomes {
  sent(request: DeskRequest, pending: Pending): void;
  failed(trouble: DeskFailed, pending: Pending): void;
  back(pending: Pending): void;
}

export class PendingActs {
  /** Newest first. */
  list: Pending[] = $state([]);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the screen depends on it
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly door: Pick<Desk, 'act'>,
    private readonly outcomes: Outcomes,
  ) {}

  of(id: string): Pending | undefined {
    return this.list.find((pending) => pending.id === id);
  }

  /** The newest that can still be taken back or wants a decision. */
  get newest(): Pending | undefined {
    return this.list.find((pending) => pending.stage !== 'sending');
  }

  add(id: string, no: string, act: Act, text: string): void {
    if (this.of(id)) return; // one decision at a time for a request
    this.list.unshift({ id, no, act, text, goes: Date.now() + UNDO_MS, stage: 'waiting', trouble: null });
    this.#timers.set(id, setTimeout(() => void this.send(id), UNDO_MS));
  }

  takeBack(id = this.newest?.id): boolean {
    const pending = id === undefined ? undefined : this.of(id);
    if (!pending || pending.stage === 'sending') return false;
    this.#drop(pending.id);
    this.outcomes.back(pending);
    return true;
  }

  /** Sends one now: its time has passed, or somebody does not want to wait. */
  async send(id: string): Promise<void> {
    const pending = this.of(id);
    if (!pending || pending.stage === 'sending') return;
    this.#stop(id);
    pending.stage = 'sending';
    try {
      const request = await this.door.act(id, pending.act);
      this.#drop(id);
      this.outcomes.sent(request, pending);
    } catch (cause) {
      const trouble = troubleOf(cause);
      pending.trouble = trouble;
      pending.stage = 'failed';
      // Somebody else acted first: sending it again cannot help, the person has to look.
      if (trouble.trouble === 'stale') this.#drop(id);
      this.outcomes.failed(trouble, pending);
    }
  }

  /** Sends again what failed for want of a line or a session. */
  retry(): void {
    for (const { id, stage } of [...this.list]) if (stage === 'failed') void this.send(id);
  }

  /** The page is left: everything that waits goes now, by calls that outlive the page. */
  leave(): void {
    for (const { id, act, stage } of [...this.list]) {
      if (stage !== 'waiting') continue;
      this.#drop(id);
      void this.door.act(id, $state.snapshot(act), true).catch(() => {});
    }
  }

  #stop(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  #drop(id: string): void {
    this.#stop(id);
    const at = this.list.findIndex((pending) => pending.id === id);
    if (at >= 0) this.list.splice(at, 1);
  }
}
