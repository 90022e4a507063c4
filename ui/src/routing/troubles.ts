// What went wrong, what is safe, and what to do: in a sentence of ours, or the server's own.
import type { DeskFailed, Trouble } from '$ui/backend/desk';
import { m } from '$ui/paraglide/messages';

const TITLE: Record<Trouble, () => string> = {
  offline: m.desk_trouble_offline,
  signed_out: m.desk_trouble_signed_out,
  second_factor: m.desk_trouble_signed_out,
  forbidden: m.desk_trouble_forbidden,
  not_found: m.desk_trouble_not_found,
  stale: m.desk_trouble_stale,
  not_now: m.desk_trouble_not_now,
  too_large: m.desk_trouble_too_large,
  busy: m.desk_trouble_busy,
  refused: m.desk_trouble_refused,
  broken: m.desk_trouble_broken,
};
const TEXT: Partial<Record<Trouble, () => string>> = {
  offline: m.desk_trouble_offline_text,
  signed_out: m.desk_trouble_signed_out_text,
  second_factor: m.desk_second_where,
  forbidden: m.desk_trouble_forbidden_text,
  not_found: m.desk_trouble_not_found_text,
  stale: m.desk_trouble_stale_text,
  busy: m.desk_trouble_busy_text,
  broken: m.desk_trouble_broken_text,
};
/** Only the server knows why. */
const SAID_BY_SERVER: Trouble[] = ['refused', 'too_large', 'not_now'];

export const troubleTitle = ({ trouble }: DeskFailed): string => TITLE[trouble]();

/** A sentence of the server's without the name of the field that it stands for. */
export const withoutField = (sentence: string): string => sentence.replace(/^\w+: /, '');

/** The server's own sentence where it has one. */
export const troubleSentence = (failed: DeskFailed): string => withoutField(failed.sentence) || troubleText(failed);

export function troubleText({ trouble, sentence, requestId }: DeskFailed): string {
  const text = SAID_BY_SERVER.includes(trouble) ? withoutField(sentence) : (TEXT[trouble]?.() ?? '');
  return requestId && trouble === 'broken' ? m.desk_with_trace({ text, id: requestId }) : text;
}
