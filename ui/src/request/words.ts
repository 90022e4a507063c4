// The words of the domain: one place that turns codes into sentences, in the language of the moment.
import { date } from '$ui/lib/format';
import { nameOf } from '$ui/lib/languages';
import { m } from '$ui/paraglide/messages';
import type { Category } from '$ui/wire/Category';
import type { Channel } from '$ui/wire/Channel';
import type { EntryKind } from '$ui/wire/EntryKind';
import type { Group } from '$ui/wire/Group';
import type { Kind } from '$ui/wire/Kind';
import type { Outcome } from '$ui/wire/Outcome';
import type { OutboxKind } from '$ui/wire/OutboxKind';
import type { Related } from '$ui/wire/Related';
import type { Row } from '$ui/wire/Row';
import type { State } from '$ui/wire/State';
import type { Step } from '$ui/wire/Step';
import type { Template } from '$ui/wire/Template';
import type { Transport } from '$ui/wire/Transport';

export const kinds: Kind[] = ['complaint', 'wish', 'notice', 'opinion', 'suggestion'];

const KIND: Record<Kind, () => string> = {
  complaint: m.kind_complaint,
  wish: m.kind_wish,
  notice: m.kind_notice,
  opinion: m.kind_opinion,
  suggestion: m.kind_suggestion,
};
export const kindWord = (kind: Kind): string => KIND[kind]();

const STATE: Record<State, () => string> = {
  received: m.state_received,
  in_review: m.state_in_review,
  awaiting_muhtar: m.state_awaiting_muhtar,
  assigned: m.state_assigned,
  in_progress: m.state_in_progress,
  planned: m.state_planned,
  external: m.state_external,
  answer_pending: m.state_answer_pending,
  concluded: m.state_concluded,
  closed: m.state_closed,
  cancelled: m.state_cancelled,
};

const OUTCOME: Record<Outcome, () => string> = {
  done: m.outcome_done,
  partly: m.outcome_partly,
  refused: m.outcome_refused,
  informed: m.outcome_informed,
  out_of_remit: m.outcome_out_of_remit,
  duplicate: m.outcome_duplicate,
};
export const outcomeWord = (outcome: Outcome): string => OUTCOME[outcome]();

export function stateWord(state: State, outcome: Outcome | null, planned: string | null): string {
  if (state === 'concluded' && outcome) return m.with_detail({ word: STATE[state](), detail: outcomeWord(outcome) });
  if (state === 'planned' && planned) return m.with_detail({ word: STATE[state](), detail: date(planned) });
  return STATE[state]();
}

const TRANSPORT: Record<Transport, () => string> = {
  draft: m.transport_draft,
  queued: m.transport_queued,
  sending: m.transport_sending,
  delivered: m.transport_delivered,
  quarantined: m.transport_quarantined,
  renewed: m.transport_renewed,
};
export const transportWord = (transport: Transport): string => TRANSPORT[transport]();

const STEP: Record<string, () => string> = {
  written: m.step_written,
  queued: m.step_queued,
  received: m.step_received,
  reviewed: m.step_reviewed,
  routed: m.step_routed,
  sent_out: m.step_sent_out,
  accepted: m.step_accepted,
  forwarded: m.step_forwarded,
  returned: m.step_returned,
  planned: m.step_planned,
  started: m.step_started,
  asked: m.step_asked,
  resumed: m.step_resumed,
  answered: m.step_answered,
  corrected: m.step_corrected,
  concluded: m.step_concluded,
  taken_back: m.step_taken_back,
  closed: m.step_closed,
  objected: m.step_objected,
  reopened: m.step_reopened,
  cancelled: m.step_cancelled,
  refused: m.step_refused,
  recategorised: m.step_recategorised,
  wished: m.step_wished,
  declined: m.step_declined,
  interim: m.step_interim,
  linked: m.step_linked,
  followed: m.step_followed,
  joined: m.step_joined,
  parted: m.step_parted,
  tasked: m.step_tasked,
  task_done: m.step_task_done,
  task_dropped: m.step_task_dropped,
  moved: m.step_moved,
};

const RECEIVED: Record<Channel, () => string> = { phone: m.step_received_phone, petition: m.step_received_petition, meeting: m.step_received_meeting };

/** An event this version does not know is shown by its state, never by a code. */
export function stepWord({ what, state, outcome, date: planned, other, channel }: Step): string {
  if (channel) return RECEIVED[channel]();
  const word = STEP[what]?.() ?? (state ? stateWord(state, outcome, planned) : m.step_other());
  if (other) return m.with_detail({ word, detail: outcome ? m.with_detail({ word: other, detail: outcomeWord(outcome) }) : other });
  if (what === 'concluded' && outcome) return m.with_detail({ word, detail: outcomeWord(outcome) });
  if (what === 'planned' && planned) return m.with_detail({ word, detail: date(planned) });
  return word;
}

const ENTRY: Record<EntryKind, () => string> = {
  message: m.entry_message,
  note: m.entry_note,
  withdraw: m.entry_withdraw,
  answer: m.entry_answer,
  confirm: m.entry_confirm,
  object: m.entry_object,
  add: m.entry_add,
};
export const entryWord = (kind: EntryKind): string => ENTRY[kind]();

const OUTBOX: Record<OutboxKind, () => string> = {
  request: m.outbox_request,
  edit: m.outbox_edit,
  entry: m.outbox_entry,
  photo: m.outbox_photo,
};
export const outboxWord = (what: OutboxKind): string => OUTBOX[what]();

const FIELD: Record<string, () => string> = {
  title: m.field_title,
  desc: m.field_desc,
  cat: m.field_cat,
  kind: m.field_kind,
  gps: m.field_gps,
  addr: m.field_addr,
  discreet: m.field_discreet,
};
export const fieldWord = (field: string): string => (FIELD[field] ?? m.field_other)();

/** How a request is called in lists: of a discreet one nothing that tells what it is about. */
export const titleOf = (row: Row): string => (row.discreet ? m.discreet_title() : row.title || m.untitled());

/** What a draft is going to be added to. */
export const relatedWords = ({ own, who }: Related): string => (own ? m.related_own({ no: who }) : who ? m.related_neighbour({ name: who }) : m.related_other());

export const categoryName = (thing: Category | Group): string => nameOf(thing);

/** How a template is called: by the beginning of its words, or by its category. */
export function templateWords(groups: Group[], { title, words, category }: Template): string {
  const said = (title || words).trim().split(/\n|(?<=[.!?])\s/)[0] ?? '';
  if (said) return said.length > 48 ? `${said.slice(0, 47).trimEnd()}…` : said.replace(/\.$/, '');
  const found = findCategory(groups, category);
  return found ? categoryName(found) : m.untitled();
}

export function findCategory(groups: Group[], code: string): Category | undefined {
  for (const group of groups) {
    const hit = group.categories.find((category) => category.code === code);
    if (hit) return hit;
  }
  return undefined;
}
