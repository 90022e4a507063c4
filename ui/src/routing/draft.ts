// What is being written about a request, kept in this browser until the server has it: it survives a
// closed browser, a lost session and a decision somebody else took meanwhile.
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
  photos: string[];
  /** When it was kept, Unix ms. */
  at: number;
}

let owner = '';
/** Whose drafts these are: the next person at this browser has others. */
export const draftsOf = (person: string): void => void (owner = person);

const key = (id: string, action: Action) => `mbs.desk.draft.${owner}.${id}.${action}`;

export const emptyDraft = (action: Action): Draft => ({ action, note: '', outcome: null, unit: null, other: '', date: '', photos: [], at: 0 });

export const isEmpty = (draft: Draft): boolean =>
  draft.note.trim() === '' && draft.outcome === null && draft.unit === null && draft.other === '' && draft.date === '' && draft.photos.length === 0;

export function readDraft(id: string, action: Action): Draft {
  try {
    const kept = JSON.parse(localStorage.getItem(key(id, action)) ?? 'null') as Partial<Draft> | null;
    return { ...emptyDraft(action), ...kept, action };
  } catch {
    return emptyDraft(action);
  }
}

/** Whether it is kept now. */
export function keepDraft(id: string, draft: Draft): boolean {
  try {
    if (isEmpty(draft)) localStorage.removeItem(key(id, draft.action));
    else localStorage.setItem(key(id, draft.action), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(id: string, action: Action): void {
  try {
    localStorage.removeItem(key(id, action));
  } catch {
    // There was none, then.
  }
}
