// A draft on the screen: every change is kept at once.
import { untrack } from 'svelte';
import type { Action } from '$ui/wire/Action';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import { dropDraft, emptyDraft, isEmpty, keepDraft, readDraft, type Draft } from './draft';

export class Drafting {
  draft: Draft = $state(emptyDraft('answer'));
  /** When it was last kept, Unix ms; 0 for never, null when the browser refuses to. */
  kept: number | null = $state(0);
  /** Number of the last event that was on the screen when the words were written. */
  seen: number = $state(0);

  constructor(
    private readonly id: string,
    action: Action,
    n: number,
  ) {
    this.draft = readDraft(id, action);
    this.kept = this.draft.at;
    this.seen = n;
  }

  /** Call in an effect: runs again with each change of the draft. */
  keep(): void {
    const now = { ...$state.snapshot(this.draft), at: Date.now() };
    if (isEmpty(now) && !untrack(() => this.kept)) return;
    const same = JSON.stringify({ ...now, at: 0 }) === JSON.stringify({ ...readDraft(this.id, now.action), at: 0 });
    if (!same) this.kept = keepDraft(this.id, now) ? now.at : null;
  }

  drop(): void {
    dropDraft(this.id, this.draft.action);
    this.draft = emptyDraft(this.draft.action);
    this.kept = 0;
  }

  changed(request: DeskRequest): boolean {
    return request.n !== this.seen;
  }
}
