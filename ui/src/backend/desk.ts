// The desk's one door to the server: what the screens may ask, and how a refusal looks.
// desk-http.ts answers it over HTTP; desk-fake.ts, only in the build for pictures, from memory.
import { getContext, setContext } from 'svelte';
import type { Period } from '$ui/report/period';
import type { AccountChange } from '$ui/wire/AccountChange';
import type { Accounts } from '$ui/wire/Accounts';
import type { Act } from '$ui/wire/Act';
import type { Alike } from '$ui/wire/Alike';
import type { Around } from '$ui/wire/Around';
import type { CalendarDay } from '$ui/wire/CalendarDay';
import type { DeskAnnouncement } from '$ui/wire/DeskAnnouncement';
import type { DirectoryVersions } from '$ui/wire/DirectoryVersions';
import type { DeskDirectory } from '$ui/wire/DeskDirectory';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { DeskRules } from '$ui/wire/DeskRules';
import type { DeskTemplate } from '$ui/wire/DeskTemplate';
import type { Elsewhere } from '$ui/wire/Elsewhere';
import type { Enrolment } from '$ui/wire/Enrolment';
import type { Entered } from '$ui/wire/Entered';
import type { Foreseen } from '$ui/wire/Foreseen';
import type { Me } from '$ui/wire/Me';
import type { NewAccount } from '$ui/wire/NewAccount';
import type { NewAnnouncement } from '$ui/wire/NewAnnouncement';
import type { NewDay } from '$ui/wire/NewDay';
import type { NewEnrolment } from '$ui/wire/NewEnrolment';
import type { NewDirectory } from '$ui/wire/NewDirectory';
import type { NewKey } from '$ui/wire/NewKey';
import type { NewPassword } from '$ui/wire/NewPassword';
import type { NewRequest } from '$ui/wire/NewRequest';
import type { NewRules } from '$ui/wire/NewRules';
import type { NewTemplate } from '$ui/wire/NewTemplate';
import type { Offered } from '$ui/wire/Offered';
import type { PersonLoad } from '$ui/wire/PersonLoad';
import type { PhotoFacts } from '$ui/wire/PhotoFacts';
import type { Proof } from '$ui/wire/Proof';
import type { Quarantine } from '$ui/wire/Quarantine';
import type { Queue } from '$ui/wire/Queue';
import type { Refusals } from '$ui/wire/Refusals';
import type { Rehearsal } from '$ui/wire/Rehearsal';
import type { Reorganisation } from '$ui/wire/Reorganisation';
import type { Replaced } from '$ui/wire/Replaced';
import type { Report } from '$ui/wire/Report';
import type { State } from '$ui/wire/State';
import type { ServerHealth } from '$ui/wire/ServerHealth';
import type { Tablet } from '$ui/wire/Tablet';
import type { UnitLoad } from '$ui/wire/UnitLoad';
import type { Unseen } from '$ui/wire/Unseen';
import type { Ways } from '$ui/wire/Ways';

export type List = 'triage' | 'inbox' | 'tasks' | 'late' | 'all';

export const exportKinds = ['csv', 'xlsx', 'geojson'] as const;
export type ExportKind = (typeof exportKinds)[number];

export interface Ask {
  list: List;
  state?: State | undefined;
  q?: string | undefined;
  /** Only what this muhtarlık filed, by its neighbourhood's code. */
  muhtarlik?: string | undefined;
  /** For the watch list: how much of the time is gone, in percent. */
  percent?: number | undefined;
  /** For a unit's inbox: what somebody of it has in hand. */
  hand?: number | undefined;
  after?: string | undefined;
}

export interface Desk {
  me(): Promise<Me>;
  /** `code`: six digits of the second factor, once they were asked for. */
  signIn(login: string, password: string, code?: string): Promise<Me>;
  /** How one can sign in, beside name and password. */
  ways(): Promise<Ways>;
  /** The identity provider's page, where one signs in. */
  elsewhere(): Promise<Elsewhere>;
  /** The second factor of somebody whom the identity provider knows. */
  secondCode(code: string): Promise<Me>;
  /** A second factor that can be set up. */
  offerSecondFactor(): Promise<Offered>;
  secondFactor(turn: 'on' | 'off', proof: Proof): Promise<Me>;
  signOut(): Promise<void>;
  queue(ask: Ask): Promise<Queue>;
  request(id: string): Promise<DeskRequest>;
  /** What may be about the same matter, the likest first. */
  similar(id: string): Promise<Alike[]>;
  /** What was reported nearby, and what place and muhtarlık had before. */
  around(id: string): Promise<Around>;
  act(id: string, act: Act): Promise<DeskRequest>;
  /** What one decision would do to each of several; nothing is done. */
  preview(ids: string[], act: Act): Promise<Foreseen[]>;
  say(id: string, text: string): Promise<DeskRequest>;
  /** What a camera wrote into the beginning of an original. */
  photoFacts(beginning: Blob): Promise<PhotoFacts>;
  /** Takes in a photo from the spot, with what its camera wrote, and gives its name. */
  upload(photo: Blob, facts: PhotoFacts): Promise<string>;
  /** Gives a photo that was taken in its preview. */
  uploadPreview(hash: string, small: Blob): Promise<void>;
  /** Enters a request for a muhtarlık. */
  enter(request: NewRequest): Promise<Entered>;
  directory(): Promise<DeskDirectory>;
  /** The unit's words and those of the units above. */
  templates(): Promise<DeskTemplate[]>;
  addTemplate(template: NewTemplate): Promise<DeskTemplate[]>;
  dropTemplate(id: number): Promise<DeskTemplate[]>;
  /** Says that this page looks at a request, or looks no more; who else does. */
  look(id: string, here: boolean): Promise<string[]>;
  tablets(): Promise<Tablet[]>;
  /** Lets a tablet in no more; the fleet then. */
  revokeTablet(prefix: string): Promise<Tablet[]>;
  /** Lets a tablet in no more, and gives the code that enrols another one for the same muhtar. */
  replaceTablet(prefix: string): Promise<Replaced>;
  /** How the server is. */
  health(): Promise<ServerHealth>;
  /** People who sign in and keys of programs. */
  accounts(): Promise<Accounts>;
  addAccount(account: NewAccount): Promise<Accounts>;
  changeAccount(login: string, change: AccountChange): Promise<Accounts>;
  addKey(key: NewKey): Promise<Accounts>;
  revokeKey(name: string): Promise<Accounts>;
  /** Who of one's unit has what in hand. */
  people(): Promise<PersonLoad[]>;
  /** Units one may see, with what lies there. */
  units(): Promise<UnitLoad[]>;
  /** Whether a unit's answers go to an approver first. */
  switchUnit(code: string, approval: boolean): Promise<UnitLoad[]>;
  /** Days off of this time, and what the desk says of them. */
  calendar(): Promise<CalendarDay[]>;
  setDay(day: NewDay): Promise<CalendarDay[]>;
  dropDay(date: string): Promise<CalendarDay[]>;
  /** How categories are routed. */
  /** Address of the table of all units. */
  directoryTable: string;
  directoryVersions(): Promise<DirectoryVersions>;
  /** What a change of the directory would do, or why it cannot be done; nothing is changed. */
  lookAtDirectory(directory: NewDirectory): Promise<Reorganisation>;
  changeDirectory(directory: NewDirectory): Promise<DirectoryVersions>;
  rules(): Promise<DeskRules>;
  /** How an earlier version had it; 0: the directory. */
  rulesOf(version: number): Promise<DeskRules>;
  /** What new rules would have done in the last year; nothing is changed. */
  rehearse(rules: NewRules): Promise<Rehearsal>;
  changeRules(rules: NewRules): Promise<DeskRules>;
  /** One's own password. */
  changePassword(password: NewPassword): Promise<Me>;
  enrol(wanted: NewEnrolment): Promise<Enrolment>;
  announcements(): Promise<DeskAnnouncement[]>;
  /** Says something to muhtars; the list with it. */
  announce(what: NewAnnouncement): Promise<DeskAnnouncement[]>;
  /** Takes one back; the list as it is then. */
  withdraw(id: number): Promise<DeskAnnouncement[]>;
  /** Who has not read one. */
  unseen(id: number): Promise<Unseen>;
  quarantine(): Promise<Quarantine>;
  /** Takes one in after all, or puts it away for good; what is left. */
  decide(id: number, accept: boolean): Promise<Quarantine>;
  /** A period in figures. */
  report(period: Period): Promise<Report>;
  /** What was refused in it, and why. */
  refusals(period: Period): Promise<Refusals>;
  /** Where its workbook, or the table of its requests, is fetched. */
  reportUrl(file: 'report.xlsx' | `requests.${ExportKind}` | 'open-data.csv', period: Period): string;
  /** Where all of a list is fetched, as it is filtered. */
  exportUrl(kind: ExportKind, list: Ask): string;
  photoUrl(hash: string, thumb: boolean): string;
  /** Where the QR code of a request's address is fetched. */
  qrUrl(id: string): string;
  /** Calls `changed` with the id of each request that changed (empty: anything may have), `live` with the state of the line. */
  listen(changed: (id: string) => void, live: (up: boolean) => void): () => void;
}

export type Trouble =
  | 'offline' // no answer
  | 'signed_out' // 401
  | 'second_factor' // 401: name and password are right, the code is missing or wrong
  | 'forbidden' // 403
  | 'not_found' // 404
  | 'stale' // 409: someone else acted first
  | 'not_now' // 409: nobody did, but as things stand it cannot be done
  | 'too_large' // 413
  | 'busy' // 429, 503
  | 'refused' // any other 4xx
  | 'broken'; // 5xx

export class DeskFailed extends Error {
  constructor(
    readonly trouble: Trouble,
    /** The server's own sentence, when it sent one. */
    readonly sentence = '',
    /** Finds the cause in the server's log. */
    readonly requestId = '',
  ) {
    super(sentence || trouble);
  }
}

export const troubleOf = (cause: unknown): DeskFailed =>
  cause instanceof DeskFailed ? cause : new DeskFailed('broken', cause instanceof Error ? cause.message : '');

const KEY = Symbol('desk');
export const provideDesk = (door: Desk): Desk => setContext(KEY, door);
export const useDesk = (): Desk => getContext<Desk>(KEY);
