// What is being written about a request, kept in this browser until the server has it: it survives a
// closed browser, a lost session and a decision somebody else took meanwhile.
import { keep, readKept } from '$ui/lib/kept';
import type { Action } from '$ui/wire/Action';
import type { Outcome } from '$ui/wire/Outcome';

export interface Draft {
  action: Action;
  note: string;
  outcome: Outcome | null;
  unit: string | null;
  /** Number of another request. */
  other: string;
  date: string;
  /** Number of an institution's letter. */
  reference: string;
  photos: string[];
  /** Which part of the work. */
  task: number | null;
  /** When it was kept, Unix ms. */
  at: number;
}

let owner = '';
/** Whose drafts these are: the next person at this browser has others. */
export const draftsOf = (person: string): void => void (owner = person);

const key = (id: string, action: Action) => `mbs.desk.draft.${owner}.${id}.${action}`;

export const emptyDraft = (action: Action): Draft => ({ action, note: '', outcome: null, unit: null, other: '', date: '', reference: '', photos: [], task: null, at: 0 });

export const isEmpty = (draft: Draft): boolean =>
  draft.note.trim() === '' && draft.outcome === null && draft.unit === null && draft.other === '' && draft.date === '' && draft.reference === '' && draft.photos.length === 0;

export const readDraft = (id: string, action: Action): Draft => ({ ...emptyDraft(action), ...readKept<Draft>(key(id, action)), action });

/** Whether it is kept now. */
export const keepDraft = (id: string, draft: Draft): boolean => keep(key(id, draft.action), isEmpty(draft) ? null : draft);

export const dropDraft = (id: string, action: Action): boolean => keep(key(id, action), null);
