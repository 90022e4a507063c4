// Icon and colour of each state, of each step of the timeline: one table, as the look has it.
import Archive from '@lucide/svelte/icons/archive';
import Ban from '@lucide/svelte/icons/ban';
import Building2 from '@lucide/svelte/icons/building-2';
import CalendarClock from '@lucide/svelte/icons/calendar-clock';
import CircleCheckBig from '@lucide/svelte/icons/circle-check-big';
import CircleDot from '@lucide/svelte/icons/circle-dot';
import CircleX from '@lucide/svelte/icons/circle-x';
import Clock from '@lucide/svelte/icons/clock';
import CloudCheck from '@lucide/svelte/icons/cloud-check';
import Inbox from '@lucide/svelte/icons/inbox';
import Link from '@lucide/svelte/icons/link';
import Megaphone from '@lucide/svelte/icons/megaphone';
import MessageCircleQuestionMark from '@lucide/svelte/icons/message-circle-question-mark';
import Pencil from '@lucide/svelte/icons/pencil';
import Reply from '@lucide/svelte/icons/reply';
import ScanSearch from '@lucide/svelte/icons/scan-search';
import Signpost from '@lucide/svelte/icons/signpost';
import Split from '@lucide/svelte/icons/split';
import Stamp from '@lucide/svelte/icons/stamp';
import Tag from '@lucide/svelte/icons/tag';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import Undo2 from '@lucide/svelte/icons/undo-2';
import Upload from '@lucide/svelte/icons/upload';
import Wrench from '@lucide/svelte/icons/wrench';
import type { Outcome } from '$ui/wire/Outcome';
import type { State } from '$ui/wire/State';
import type { Transport } from '$ui/wire/Transport';

export type Tone = 'ok' | 'wait' | 'alarm' | 'info' | 'primary' | 'mute';
export interface Look {
  icon: typeof Inbox;
  tone: Tone;
}

const STATE: Record<State, Look> = {
  received: { icon: Inbox, tone: 'info' },
  in_review: { icon: ScanSearch, tone: 'info' },
  awaiting_muhtar: { icon: MessageCircleQuestionMark, tone: 'wait' },
  assigned: { icon: Signpost, tone: 'info' },
  in_progress: { icon: Wrench, tone: 'primary' },
  planned: { icon: CalendarClock, tone: 'primary' },
  external: { icon: Building2, tone: 'wait' },
  answer_pending: { icon: Stamp, tone: 'wait' },
  concluded: { icon: CircleCheckBig, tone: 'ok' },
  closed: { icon: Archive, tone: 'mute' },
  cancelled: { icon: Ban, tone: 'mute' },
};

export function outcomeLook(outcome: Outcome | null): Look {
  if (outcome === 'refused') return { icon: CircleX, tone: 'alarm' };
  if (outcome === 'partly' || outcome === 'out_of_remit') return { icon: CircleDot, tone: 'wait' };
  return STATE.concluded;
}

export const stateLook = (state: State, outcome: Outcome | null): Look =>
  state === 'concluded' ? outcomeLook(outcome) : STATE[state];

export const transportLook: Record<Transport, Look> = {
  draft: { icon: Pencil, tone: 'mute' },
  queued: { icon: Clock, tone: 'wait' },
  sending: { icon: Upload, tone: 'info' },
  delivered: { icon: CloudCheck, tone: 'ok' },
  quarantined: { icon: TriangleAlert, tone: 'alarm' },
  renewed: { icon: Archive, tone: 'mute' },
};

const STEP: Record<string, Look> = {
  written: { icon: Pencil, tone: 'mute' },
  queued: { icon: Clock, tone: 'mute' },
  received: { icon: CloudCheck, tone: 'ok' },
  reviewed: STATE.in_review,
  routed: STATE.assigned,
  sent_out: STATE.external,
  accepted: STATE.in_progress,
  forwarded: STATE.assigned,
  returned: { icon: Undo2, tone: 'wait' },
  planned: STATE.planned,
  started: STATE.in_progress,
  asked: STATE.awaiting_muhtar,
  resumed: { icon: Reply, tone: 'info' },
  answered: STATE.answer_pending,
  corrected: STATE.in_progress,
  taken_back: { icon: Undo2, tone: 'info' },
  closed: STATE.closed,
  objected: { icon: Undo2, tone: 'wait' },
  reopened: STATE.in_review,
  cancelled: STATE.cancelled,
  refused: { icon: Ban, tone: 'wait' },
  recategorised: { icon: Tag, tone: 'info' },
  wished: { icon: Undo2, tone: 'wait' },
  declined: STATE.in_progress,
  interim: { icon: Megaphone, tone: 'info' },
  linked: { icon: Link, tone: 'mute' },
  joined: { icon: Link, tone: 'mute' },
  parted: { icon: Link, tone: 'mute' },
  tasked: { icon: Split, tone: 'info' },
  task_done: { icon: Split, tone: 'ok' },
  task_dropped: { icon: Split, tone: 'mute' },
  moved: { icon: Signpost, tone: 'info' },
};

export const stepLook = (what: string, outcome: Outcome | null): Look =>
  what === 'concluded' || what === 'followed' ? outcomeLook(outcome) : (STEP[what] ?? { icon: CircleDot, tone: 'info' });
