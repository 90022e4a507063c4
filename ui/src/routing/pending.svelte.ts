// Second thoughts: what a person decided is sent only when ten seconds have passed, when he says so, or
// when he leaves the page. Until then it can be taken back and nobody has seen it; what the server
// appended is never taken back.
import { troubleOf, type Desk, type DeskFailed, type Trouble } from '$ui/backend/desk';
import type { Act } from '$ui/wire/Act';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import { wasTaken } from './taken';

export const UNDO_MS = 10_000;

/** Nobody knows what became of it. */
const UNANSWERED: Trouble[] = ['offline', 'busy', 'broken'];
/** Somebody acted first, or the request stands where this cannot be done. */
export const isOvertaken = ({ trouble }: DeskFailed): boolean => trouble === 'stale' || trouble === 'not_now';

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
  /** No answer came to it: the server may have taken it. */
  unanswered: boolean;
  /** What was decided at once waits, goes and is taken back together. */
  group: number;
  /** Of how many requests it was decided. */
  size: number;
}

export interface Outcomes {
  sent(request: DeskRequest, pending: Pending): void;
  failed(trouble: DeskFailed, pending: Pending): void;
  back(pending: Pending): void;
}

/** A decision about one of several requests. */
export type Decided = Pick<Pending, 'id' | 'no' | 'act'>;

export class PendingActs {
  /** Newest first. */
  list: Pending[] = $state([]);
  #groups = 0;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the screen depends on it
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly door: Pick<Desk, 'act' | 'request'>,
    private readonly outcomes: Outcomes,
    /** Who is signed in, by name. */
    private readonly me: () => string,
  ) {}

  of(id: string): Pending | undefined {
    return this.list.find((pending) => pending.id === id);
  }

  /** The newest that can still be taken back or wants a decision. */
  get newest(): Pending | undefined {
    return this.list.find((pending) => pending.stage !== 'sending');
  }

  add(id: string, no: string, act: Act, text: string): void {
    this.addTogether([{ id, no, act }], text);
  }

  /** One decision about several requests. */
  addTogether(decided: Decided[], text: string): void {
    const fresh = decided.filter(({ id }) => !this.of(id)); // one decision at a time for a request
    const group = ++this.#groups;
    const goes = Date.now() + UNDO_MS;
    for (const one of fresh) this.list.unshift({ ...one, text, goes, stage: 'waiting', trouble: null, unanswered: false, group, size: fresh.length });
    this.#timers.set(group, setTimeout(() => void this.#sendGroup(group), UNDO_MS));
  }

  takeBack(id = this.newest?.id): boolean {
    const pending = id === undefined ? undefined : this.of(id);
    if (!pending || pending.stage === 'sending') return false;
    for (const one of this.#of(pending.group)) if (one.stage !== 'sending') this.#drop(one.id);
    this.outcomes.back(pending);
    return true;
  }

  /** Sends one now, and what was decided with it: its time has passed, or somebody does not want to wait. */
  async send(id: string): Promise<void> {
    const pending = this.of(id);
    if (pending) await this.#sendGroup(pending.group);
  }

  /** Sends everything that waits. */
  async flush(): Promise<void> {
    const groups = this.list.map(({ group }) => group).filter((group, at, all) => all.indexOf(group) === at);
    await Promise.all(groups.map((group) => this.#sendGroup(group)));
  }

  /** Sends again what failed for want of a line or a session. */
  retry(): void {
    for (const { id, stage } of [...this.list]) if (stage === 'failed') void this.#sendOne(id);
  }

  /** The page is left: everything that waits goes now, and what failed once more. */
  leave(): void {
    for (const { id, act, stage } of [...this.list]) {
      if (stage === 'sending') continue;
      this.#drop(id);
      void this.door.act(id, $state.snapshot(act)).catch(() => {});
    }
  }

  #of(group: number): Pending[] {
    return this.list.filter((pending) => pending.group === group);
  }

  /** One after the other: a hundred at once would be a storm of the desk's own. */
  async #sendGroup(group: number): Promise<void> {
    clearTimeout(this.#timers.get(group));
    this.#timers.delete(group);
    for (const { id } of this.#of(group).reverse()) await this.#sendOne(id);
  }

  async #sendOne(id: string): Promise<void> {
    const pending = this.of(id);
    if (!pending || pending.stage === 'sending') return;
    pending.stage = 'sending';
    try {
      const request = await this.#act(pending);
      this.#drop(id);
      this.outcomes.sent(request, pending);
    } catch (cause) {
      const trouble = troubleOf(cause);
      pending.trouble = trouble;
      pending.unanswered ||= UNANSWERED.includes(trouble.trouble);
      pending.stage = 'failed';
      // Sending it again cannot help: the person has to look.
      if (isOvertaken(trouble)) this.#drop(id);
      this.outcomes.failed(trouble, pending);
    }
  }

  async #act({ id, act, unanswered }: Pending): Promise<DeskRequest> {
    try {
      return await this.door.act(id, act);
    } catch (cause) {
      // What stands in its way may be this very decision, whose answer was lost.
      if (!unanswered || troubleOf(cause).trouble !== 'stale') throw cause;
      const request = await this.door.request(id);
      if (wasTaken(request, act, this.me())) return request;
      throw cause;
    }
  }

  #drop(id: string): void {
    const at = this.list.findIndex((pending) => pending.id === id);
    const [gone] = at >= 0 ? this.list.splice(at, 1) : [];
    if (gone && !this.#of(gone.group).length) {
      clearTimeout(this.#timers.get(gone.group));
      this.#timers.delete(gone.group);
    }
  }
}
