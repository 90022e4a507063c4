// What went wrong, in the muhtar's words: what happened, what is safe, what to do. Codes come from the
// core (a call failed) and from the wire (the server refused an item); words never do.
import { CallFailed } from '$ui/backend/tablet';
import { m } from '$ui/paraglide/messages';
import type { Code } from '$ui/wire/Code';

const CODE: Record<Code, () => string> = {
  not_enrolled: m.trouble_not_enrolled,
  offline: m.trouble_offline,
  enrolment_code: m.trouble_enrolment_code,
  already_enrolled: m.trouble_already_enrolled,
  not_found: m.trouble_not_found,
  wrong_moment: m.trouble_wrong_moment,
  empty: m.trouble_empty,
  too_long: m.trouble_too_long,
  photo_unreadable: m.trouble_photo_unreadable,
  photo_too_large: m.trouble_photo_too_large,
  photo_heic: m.trouble_photo_heic,
  voice_unreadable: m.trouble_voice_unreadable,
  photo_limit: m.trouble_photo_limit,
  photo_twice: m.trouble_photo_twice,
  unknown_category: m.trouble_unknown_category,
  bad_place: m.trouble_bad_place,
  disk_full: m.trouble_disk_full,
  storage: m.trouble_storage,
  app_too_old: m.trouble_app_too_old,
  server_too_old: m.trouble_server_too_old,
  protocol: m.trouble_protocol,
  versions_changed: m.trouble_versions_changed,
  bad_call: m.trouble_bad_call,
  receipt_unreadable: m.trouble_receipt_unreadable,
  receipt_strange: m.trouble_receipt_strange,
  receipt_altered: m.trouble_receipt_altered,
  not_a_bundle: m.trouble_not_a_bundle,
  no_code: m.trouble_no_code,
  key_store: m.trouble_key_store,
  revoked: m.trouble_revoked,
  locked: m.trouble_locked,
  wrong_pin: m.trouble_wrong_pin,
  pin_wait: m.trouble_pin_wait,
  bad_pin: m.trouble_bad_pin,
};

export const trouble = (cause: unknown): string => CODE[CallFailed.from(cause).code]?.() ?? m.trouble_protocol();

// Codes of the wire that a person can do something about; all others share one honest sentence.
const QUARANTINE: Record<string, () => string> = {
  ...CODE,
  too_large: m.quarantine_too_large,
  too_many: m.quarantine_too_many,
  unknown_device: m.quarantine_unknown_device,
  revoked: m.quarantine_revoked,
  foreign_request: m.quarantine_foreign,
  foreign_actor: m.quarantine_foreign,
  hash_mismatch: m.quarantine_photo_damaged,
  unknown_blob: m.quarantine_photo_damaged,
  photo_lost: m.quarantine_photo_damaged,
  fork: m.quarantine_fork,
  begun: m.quarantine_fork,
  other_mandate: m.quarantine_other_mandate,
};

export const quarantineWords = (code: string): string => (QUARANTINE[code] ?? m.quarantine_other)();
