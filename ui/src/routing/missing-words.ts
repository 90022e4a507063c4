import { m } from '$ui/paraglide/messages';
import type { Missing } from './actions';

const WORDS: Record<Missing, () => string> = {
  task: m.desk_missing_task,
  unit: m.desk_missing_unit,
  outcome: m.desk_missing_outcome,
  other: m.desk_missing_other,
  date: m.desk_missing_date,
  date_past: m.desk_missing_date_past,
  date_ahead: m.desk_missing_date_ahead,
  note: m.desk_missing_note,
  note_long: m.desk_missing_note_long,
  note_blank: m.desk_missing_note_blank,
};
export const missingWord = (missing: Missing): string => WORDS[missing]();
