// The desk's words for states, outcomes, actions and events: codes become sentences here and nowhere else.
import { nameOf } from '$ui/lib/languages';
import { m } from '$ui/paraglide/messages';
import type { Action } from '$ui/wire/Action';
import type { Channel } from '$ui/wire/Channel';
import type { DeskCategory } from '$ui/wire/DeskCategory';
import type { DeskEvent } from '$ui/wire/DeskEvent';
import type { EntryKind } from '$ui/wire/EntryKind';
import type { Outcome } from '$ui/wire/Outcome';
import type { Role } from '$ui/wire/Role';
import type { State } from '$ui/wire/State';
import type { UnitKind } from '$ui/wire/UnitKind';
import type { Who } from '$ui/wire/Who';
import { calendarDay } from './when';

type Words<K extends string> = Record<K, () => string>;

const STATE: Words<State> = {
  received: m.desk_state_received,
  in_review: m.desk_state_in_review,
  awaiting_muhtar: m.desk_state_awaiting_muhtar,
  assigned: m.desk_state_assigned,
  in_progress: m.desk_state_in_progress,
  planned: m.desk_state_planned,
  external: m.desk_state_external,
  answer_pending: m.desk_state_answer_pending,
  concluded: m.desk_state_concluded,
  closed: m.desk_state_closed,
  cancelled: m.desk_state_cancelled,
};
export const states = Object.keys(STATE) as State[];
export const stateName = (state: State): string => STATE[state]();

const OUTCOME: Words<Outcome> = {
  done: m.desk_outcome_done,
  partly: m.desk_outcome_partly,
  refused: m.desk_outcome_refused,
  informed: m.desk_outcome_informed,
  out_of_remit: m.desk_outcome_out_of_remit,
  duplicate: m.desk_outcome_duplicate,
};
export const outcomes = Object.keys(OUTCOME) as Outcome[];
export const outcomeName = (outcome: Outcome): string => OUTCOME[outcome]();

const CHANNEL: Words<Channel> = { phone: m.desk_channel_phone, petition: m.desk_channel_petition, meeting: m.desk_channel_meeting };
export const channels = Object.keys(CHANNEL) as Channel[];
export const channelName = (channel: Channel): string => CHANNEL[channel]();

const ROLE: Words<Role> = {
  triage: m.desk_role_triage,
  unit: m.desk_role_unit,
  approver: m.desk_role_approver,
  head: m.desk_role_head,
  auditor: m.desk_role_auditor,
  operator: m.desk_role_operator,
};
export const roles = Object.keys(ROLE) as Role[];
export const roleName = (role: Role): string => ROLE[role]();

const ROLE_HINT: Words<Role> = {
  triage: m.desk_role_triage_hint,
  unit: m.desk_role_unit_hint,
  approver: m.desk_role_approver_hint,
  head: m.desk_role_head_hint,
  auditor: m.desk_role_auditor_hint,
  operator: m.desk_role_operator_hint,
};
export const roleHint = (role: Role): string => ROLE_HINT[role]();

const UNIT_KIND: Words<UnitKind> = {
  kurum: m.desk_unit_kurum,
  ofis: m.desk_unit_ofis,
  daire: m.desk_unit_daire,
  mudurluk: m.desk_unit_mudurluk,
  istirak: m.desk_unit_istirak,
  'bagli-kurulus': m.desk_unit_bagli,
  'dis-kurum': m.desk_unit_dis,
  'ilce-belediyesi': m.desk_unit_ilce,
};
export const unitKindName = (kind: UnitKind): string => UNIT_KIND[kind]();

const WHO: Words<Who> = {
  system: m.desk_who_system,
  muhtar: m.desk_who_muhtar,
  triage: m.desk_who_triage,
  unit: m.desk_who_unit,
  approver: m.desk_who_approver,
  external: m.desk_who_external,
  helper: m.desk_who_helper,
};

const ENTRY: Words<EntryKind> = {
  message: m.desk_entry_message,
  note: m.desk_entry_note,
  withdraw: m.desk_entry_withdraw,
  answer: m.desk_entry_answer,
  confirm: m.desk_entry_confirm,
  object: m.desk_entry_object,
  add: m.desk_entry_add,
};
export const entryName = (kind: EntryKind): string => ENTRY[kind]();

const EVENT: Record<string, (() => string) | undefined> = {
  received: m.desk_event_received,
  reviewed: m.desk_event_reviewed,
  routed: m.desk_event_routed,
  sent_out: m.desk_event_sent_out,
  accepted: m.desk_event_accepted,
  forwarded: m.desk_event_forwarded,
  returned: m.desk_event_returned,
  planned: m.desk_event_planned,
  started: m.desk_event_started,
  asked: m.desk_event_asked,
  resumed: m.desk_event_resumed,
  answered: m.desk_event_answered,
  corrected: m.desk_event_corrected,
  concluded: m.desk_event_concluded,
  taken_back: m.desk_event_taken_back,
  closed: m.desk_event_closed,
  objected: m.desk_event_objected,
  reopened: m.desk_event_reopened,
  cancelled: m.desk_event_cancelled,
  refused: m.desk_event_refused,
  recategorised: m.desk_event_recategorised,
  wished: m.desk_event_wished,
  declined: m.desk_event_declined,
  interim: m.desk_event_interim,
  linked: m.desk_event_linked,
  followed: m.desk_event_followed,
  joined: m.desk_event_joined,
  parted: m.desk_event_parted,
  tasked: m.desk_event_tasked,
  task_done: m.desk_event_task_done,
  task_dropped: m.desk_event_task_dropped,
  moved: m.desk_event_moved,
};

export const eventName = (what: string): string => EVENT[what]?.() ?? m.desk_event_other();

/** What happened, with what belongs to it: the unit, the outcome, the date. */
export function eventSentence({ what, unit, outcome, date, other }: DeskEvent): string {
  const word = eventName(what);
  const end = outcome ? outcomeName(outcome) : date ? calendarDay(date) : '';
  const detail = unit?.name ?? [other, end].filter(Boolean).join(', ');
  return detail ? m.with_detail({ word, detail }) : word;
}

export const eventAuthor = ({ author, by }: DeskEvent): string => author || WHO[by]();

export function categoryName(categories: DeskCategory[], code: string): string {
  const hit = categories.find((category) => category.code === code);
  if (!hit) return code ? m.desk_category_unknown() : m.desk_category_none();
  if (!hit.retired) return nameOf(hit);
  // Old tablets go on sending it: what it was called, and what it is called now.
  const now = categories.find((category) => category.code === hit.successor);
  return now ? m.desk_category_renamed({ before: nameOf(hit), now: nameOf(now) }) : m.desk_category_retired({ name: nameOf(hit) });
}
/** What can be chosen. */
export const offeredCategories = (categories: DeskCategory[]): DeskCategory[] => categories.filter((category) => !category.retired);

const ACTION: Partial<Words<Action>> = {
  route: m.desk_do_route,
  send_out: m.desk_do_send_out,
  accept: m.desk_do_accept,
  forward: m.desk_do_forward,
  return: m.desk_do_return,
  plan: m.desk_do_plan,
  start: m.desk_do_start,
  ask: m.desk_do_ask,
  answer: m.desk_do_answer,
  approve: m.desk_do_approve,
  correct: m.desk_do_correct,
  conclude: m.desk_do_conclude,
  take_back: m.desk_do_take_back,
  reopen: m.desk_do_reopen,
  release: m.desk_do_release,
  decline: m.desk_do_decline,
  interim: m.desk_do_interim,
  link: m.desk_do_link,
  task: m.desk_do_task,
  finish_task: m.desk_do_finish_task,
  return_task: m.desk_do_return_task,
  call_off: m.desk_do_call_off,
};
/** A verb for a button. */
export const actionName = (action: Action, state?: State): string => (action === 'answer' && state === 'external' ? m.desk_do_record() : (ACTION[action]?.() ?? action));

const DONE: Partial<Words<Action>> = {
  route: m.desk_done_route,
  send_out: m.desk_done_send_out,
  accept: m.desk_done_accept,
  forward: m.desk_done_forward,
  return: m.desk_done_return,
  plan: m.desk_done_plan,
  start: m.desk_done_start,
  ask: m.desk_done_ask,
  answer: m.desk_done_answer,
  approve: m.desk_done_approve,
  correct: m.desk_done_correct,
  conclude: m.desk_done_conclude,
  take_back: m.desk_done_take_back,
  reopen: m.desk_done_reopen,
  release: m.desk_done_release,
  decline: m.desk_done_decline,
  interim: m.desk_done_interim,
  link: m.desk_done_link,
  task: m.desk_done_task,
  finish_task: m.desk_done_finish_task,
  return_task: m.desk_done_return_task,
  call_off: m.desk_done_call_off,
};
/** What was done, for the toast. */
export const actionDone = (action: Action, detail = ''): string => {
  const word = DONE[action]?.() ?? actionName(action);
  return detail ? m.with_detail({ word, detail }) : word;
};
