// What each action asks for and which key it has. Which of them are offered, the server says (`can`).
import type { Action } from '$ui/wire/Action';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { Outcome } from '$ui/wire/Outcome';
import type { Role } from '$ui/wire/Role';
import type { Draft } from './draft';
import { unfilled } from './placeholders';

export interface Needs {
  /** Its letter; the same everywhere. */
  key: string | null;
  /** A unit to hand it to: any, one outside, or one further down. */
  unit: 'any' | 'external' | 'below' | null;
  /** Another request, by its number. */
  other: boolean;
  outcome: boolean;
  date: 'required' | 'optional' | null;
  /** A part of the work: one that the person's unit owes, or any that is owed. */
  task: 'own' | 'owed' | null;
  note: 'required' | 'optional' | null;
  photos: boolean;
  /** Its words reach the muhtar or an institution, so no single key sends them. */
  outside: boolean;
}

const NOTHING: Needs = { key: null, unit: null, other: false, outcome: false, date: null, task: null, note: null, photos: false, outside: false };

const NEEDS: Partial<Record<Action, Partial<Needs>>> = {
  route: { key: 'y', unit: 'any' },
  send_out: { key: 'd', unit: 'external', note: 'optional', outside: true },
  accept: { key: 'Enter' },
  forward: { key: 'h', unit: 'below', note: 'optional' },
  return: { key: 'i', note: 'required' },
  plan: { key: 'p', date: 'required', note: 'optional' },
  start: { key: 'Enter' },
  ask: { key: 's', note: 'required', outside: true },
  answer: { key: 'c', outcome: true, note: 'required', photos: true, outside: true },
  approve: { key: 'Ctrl Enter', outside: true },
  correct: { key: 'i', note: 'required' },
  conclude: { key: 'c', outcome: true, note: 'required', outside: true },
  take_back: { key: 'i', note: 'required' },
  reopen: { note: 'required' },
  release: { outside: true },
  decline: { note: 'required', outside: true },
  interim: { note: 'required', outside: true },
  link: { key: 'b', other: true, note: 'optional' },
  task: { key: 'a', unit: 'any', date: 'optional', note: 'required' },
  finish_task: { key: 'c', task: 'own', note: 'required', photos: true },
  return_task: { key: 'g', task: 'own', note: 'required' },
  call_off: { task: 'owed', note: 'required' },
};

/** What an outcome asks for beside that. */
const OUTCOME: Partial<Record<Outcome, Partial<Needs>>> = {
  out_of_remit: { unit: 'external' },
  duplicate: { other: true, note: 'optional' },
};

export const needs = (action: Action, outcome: Outcome | null = null): Needs => ({
  ...NOTHING,
  ...NEEDS[action],
  ...(outcome ? OUTCOME[outcome] : {}),
});

/** Order of the buttons: the one that moves the work on comes first. */
const ORDER: Action[] = ['approve', 'accept', 'start', 'finish_task', 'answer', 'conclude', 'release', 'decline', 'ask', 'interim', 'plan', 'forward', 'send_out', 'task', 'call_off', 'link', 'correct', 'return', 'return_task', 'take_back', 'reopen'];

/** What a person may do here, in the order it is offered; `route` has its own place. */
export const offered = (request: Pick<DeskRequest, 'can'>): Action[] => ORDER.filter((action) => request.can.includes(action));

/** The blue one: what is meant to happen next. */
export const mainAction = (request: Pick<DeskRequest, 'can'>): Action | null =>
  (['approve', 'accept', 'start', 'finish_task', 'answer'] as Action[]).find((action) => request.can.includes(action)) ?? null;

/** Whether it is done by one press, without anything to fill in. */
export const isImmediate = (action: Action): boolean => {
  const wanted = needs(action);
  return !wanted.unit && !wanted.other && !wanted.outcome && !wanted.date && !wanted.task && !wanted.note;
};

const IN_UNIT: Action[] = ['accept', 'start', 'plan', 'answer', 'interim', 'forward', 'return'];
/** What can be decided about several requests at once, by role. */
export const TOGETHER: Partial<Record<Role, Action[]>> = {
  triage: ['route', 'send_out', 'interim', 'conclude'],
  unit: IN_UNIT,
  approver: ['approve', ...IN_UNIT],
  head: ['approve', ...IN_UNIT],
};

/** Whether what is written down is an institution's answer to a letter: it has a date and a number of its own. */
export const isLetter = (action: Action, { row }: { row: Pick<DeskRequest['row'], 'state'> }): boolean => action === 'answer' && row.state === 'external';

export type Missing = 'task' | 'unit' | 'other' | 'outcome' | 'date' | 'date_past' | 'date_ahead' | 'note' | 'note_long' | 'note_blank';
/** As the server counts: bytes. */
export const NOTE_MAX = 4_000;
export const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** What still has to be filled in before it can go. */
export function missing(draft: Draft, today: string, letter = false): Missing[] {
  const wanted = needs(draft.action, draft.outcome);
  const list: Missing[] = [];
  if (wanted.outcome && !draft.outcome) list.push('outcome');
  if (wanted.task && draft.task === null) list.push('task');
  if (wanted.unit && !draft.unit) list.push('unit');
  if (wanted.other && !draft.other.trim()) list.push('other');
  if (wanted.date === 'required' && !draft.date) list.push('date');
  else if (wanted.date && draft.date && draft.date < today) list.push('date_past');
  if (letter && draft.date > today) list.push('date_ahead');
  if (wanted.note === 'required' && draft.note.trim() === '') list.push('note');
  if (bytesOf(draft.note) > NOTE_MAX) list.push('note_long');
  if (unfilled(draft.note)) list.push('note_blank');
  return list;
}
