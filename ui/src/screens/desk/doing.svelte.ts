// Something a person has started: one at a time, and in words why it failed.
import { troubleOf } from '$ui/backend/desk';
import { troubleSentence } from '$ui/routing/troubles';
import type { Session } from './session.svelte';

export class Doing {
  busy = $state(false);
  /** Why the last one failed; empty: it did not. */
  trouble = $state('');

  constructor(
    private readonly session: Session,
    /** What to say, and to do, when others were faster. What was changed here stays. */
    private readonly stale?: { words: () => string; ask: () => void },
  ) {}

  /** Does it, unless something is being done; `undefined` where it was not, or failed. */
  async run<T>(what: () => Promise<T>): Promise<T | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.trouble = '';
    try {
      return await this.session.noticing(what)();
    } catch (cause) {
      const failed = troubleOf(cause);
      const late = failed.trouble === 'stale' ? this.stale : undefined;
      this.trouble = late ? late.words() : troubleSentence(failed);
      late?.ask();
      return undefined;
    } finally {
      this.busy = false;
    }
  }
}
