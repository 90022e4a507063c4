// The one door of the tablet's screens to what lies behind them. Calls and answers are the types the
// core generates (src/wire); this file only says which answer belongs to which call.
import type { Announcement } from '$ui/wire/Announcement';
import type { Call } from '$ui/wire/Call';
import type { CallError } from '$ui/wire/CallError';
import type { CarryStep } from '$ui/wire/CarryStep';
import type { Categories } from '$ui/wire/Categories';
import type { Code } from '$ui/wire/Code';
import type { Diagnosis } from '$ui/wire/Diagnosis';
import type { Fields } from '$ui/wire/Fields';
import type { Files } from '$ui/wire/Files';
import type { Halves } from '$ui/wire/Halves';
import type { Health } from '$ui/wire/Health';
import type { Home } from '$ui/wire/Home';
import type { MapPack } from '$ui/wire/MapPack';
import type { Outbox } from '$ui/wire/Outbox';
import type { PhotoStep } from '$ui/wire/PhotoStep';
import type { Pin } from '$ui/wire/Pin';
import type { Place } from '$ui/wire/Place';
import type { ReadCode } from '$ui/wire/ReadCode';
import type { Receipt } from '$ui/wire/Receipt';
import type { Request } from '$ui/wire/Request';
import type { Row } from '$ui/wire/Row';
import type { Similar } from '$ui/wire/Similar';
import type { Status } from '$ui/wire/Status';
import type { Suggestion } from '$ui/wire/Suggestion';
import type { Template } from '$ui/wire/Template';

export interface Answers {
  status: Status;
  enrol: Status;
  enrol_practice: Status;
  home: Home;
  requests: Row[];
  request: Request;
  new_draft: Request;
  draft_like: Request;
  practice_draft: Request;
  halves: Halves | null;
  split_draft: Request;
  templates: Template[];
  make_template: Template[];
  remove_template: Template[];
  restore_template: Template[];
  lock: Status;
  unlock: Status;
  set_pin: Status;
  health: Health;
  diagnose: Diagnosis;
  carry_courier: CarryStep;
  write_courier: Files;
  write_unsent: Files;
  set_draft: Request;
  relate: Request;
  pins: Pin[];
  map: MapPack | null;
  map_part: string | null;
  discard_draft: null;
  restore_draft: Request;
  add_photo: PhotoStep;
  add_voice: Request;
  cover_photo: Request;
  move_photo: Request;
  remove_photo: Request;
  restore_photo: Request;
  fetch_photo: null;
  expect_photo: null;
  take_shared: Request | null;
  fetch_announced_photo: null;
  locate: Place;
  similar: Similar[];
  send: Request;
  mend: Request;
  renew: Request;
  edit: Request;
  keep: Request;
  combine: Request;
  begin_combine: null;
  begin: null;
  begin_edit: null;
  intend: null;
  say: Request;
  outbox: Outbox;
  sync_now: Status;
  line: Status;
  battery: null;
  mobile_limit: Status;
  announcements: Announcement[];
  read_announcement: Status;
  read_notices: Status;
  receipt: Receipt;
  write_receipt: Files;
  verify_receipt: Receipt;
  read_code: ReadCode;
  categories: Categories;
  suggest_category: Suggestion[];
}

/** Fails to compile when the core gained or lost a call that this table does not know. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
export const everyCallHasItsAnswer: Same<Call['call'], keyof Answers> = true;

export interface Tablet {
  call<C extends Call>(call: C): Promise<Answers[C['call']]>;
  /** Called after anything changed behind the door; screens then ask anew. Returns how to stop. */
  onChange(changed: () => void): () => void;
  /** Tells a person who looks elsewhere, where the system can. */
  tell?(text: string): void;
  /** Asks the person whether the system may tell him, where it wants that asked. */
  askToTell?(): void;
  /** Address of a photo's bytes for an `<img>`. */
  photoUrl(hash: string, thumb: boolean): string;
}

/** A call that failed, with the core's code; screens translate the code and never show the detail. */
export class CallFailed extends Error {
  readonly code: Code;
  readonly detail: string;

  constructor(error: CallError) {
    super(error.code);
    this.code = error.code;
    this.detail = error.detail;
  }

  static from(cause: unknown): CallFailed {
    if (cause instanceof CallFailed) return cause;
    if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string') {
      return new CallFailed({ code: cause.code as Code, detail: 'detail' in cause ? String(cause.detail) : '' });
    }
    return new CallFailed({ code: 'protocol', detail: String(cause) });
  }
}

/** Only the fields that changed: absent means unchanged, whatever the generated type says of `null`. */
export const fields = (set: Partial<Fields>): Fields => set as Fields;
