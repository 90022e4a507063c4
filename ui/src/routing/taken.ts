// Whether a decision was taken although its answer never came: then it stands in the history, right behind what had been seen.
import type { Act } from '$ui/wire/Act';
import type { Action } from '$ui/wire/Action';
import type { DeskEvent } from '$ui/wire/DeskEvent';
import type { DeskRequest } from '$ui/wire/DeskRequest';

/** What each action is in the history. */
const EVENT: Partial<Record<Action, string>> = {
  route: 'routed', send_out: 'sent_out', accept: 'accepted', forward: 'forwarded', return: 'returned', plan: 'planned', start: 'started', ask: 'asked',
  answer: 'answered', approve: 'concluded', correct: 'corrected', conclude: 'concluded', take_back: 'taken_back', reopen: 'reopened', release: 'cancelled',
  decline: 'declined', interim: 'interim', link: 'linked', task: 'tasked', finish_task: 'task_done', return_task: 'task_dropped', call_off: 'task_dropped',
};

/** Words may stand among the server's own, and not every event tells its unit or its day. */
const says = (event: DeskEvent, act: Act): boolean =>
  event.what === EVENT[act.action] &&
  event.note.includes(act.note?.trim() ?? '') &&
  (!act.outcome || event.outcome === act.outcome) &&
  (!act.unit || !event.unit || event.unit.code === act.unit) &&
  (!act.date || !event.date || event.date === act.date);

export function wasTaken({ events }: Pick<DeskRequest, 'events'>, act: Act, me: string): boolean {
  const since = events.filter(({ n }) => n > act.n);
  const others = since.findIndex(({ author }) => author !== me);
  // A corrected category stands before the decision it came with.
  return since.slice(0, others < 0 ? undefined : others).some((event) => says(event, act));
}
