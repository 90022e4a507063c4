// The desk's one door to the server: what the screens may ask, and how a refusal looks.
// desk-http.ts answers it over HTTP; desk-fake.ts, only in the build for pictures, from memory.
import { getContext, setContext } from 'svelte';
import type { Period } from '$ui/report/period';
import type { Act } from '$ui/wire/Act';
import type { Alike } from '$ui/wire/Alike';
import type { DeskAnnouncement } from '$ui/wire/DeskAnnouncement';
import type { DeskDirectory } from '$ui/wire/DeskDirectory';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { DeskTemplate } from '$ui/wire/DeskTemplate';
import type { Enrolment } from '$ui/wire/Enrolment';
import type { Entered } from '$ui/wire/Entered';
import type { Me } from '$ui/wire/Me';
import type { NewAnnouncement } from '$ui/wire/NewAnnouncement';
import type { NewEnrolment } from '$ui/wire/NewEnrolment';
import type { NewRequest } from '$ui/wire/NewRequest';
import type { NewTemplate } from '$ui/wire/NewTemplate';
import type { Offered } from '$ui/wire/Offered';
import type { Proof } from '$ui/wire/Proof';
import type { Quarantine } from '$ui/wire/Quarantine';
import type { Queue } from '$ui/wire/Queue';
import type { Report } from '$ui/wire/Report';
import type { State } from '$ui/wire/State';
import type { Tablet } from '$ui/wire/Tablet';
import type { Unseen } from '$ui/wire/Unseen';

export type List = 'triage' | 'inbox' | 'late' | 'all';

export interface Ask {
  list: List;
  state?: State | undefined;
  q?: string | undefined;
  after?: string | undefined;
}

export interface Desk {
  me(): Promise<Me>;
  /** `code`: six digits of the second factor, once they were asked for. */
  signIn(login: string, password: string, code?: string): Promise<Me>;
  /** A second factor that can be set up. */
  offerSecondFactor(): Promise<Offered>;
  secondFactor(turn: 'on' | 'off', proof: Proof): Promise<Me>;
  signOut(): Promise<void>;
  queue(ask: Ask): Promise<Queue>;
  request(id: string): Promise<DeskRequest>;
  /** What may be about the same matter, the likest first. */
  similar(id: string): Promise<Alike[]>;
  /** `leaving`: the page is going away, the call must outlive it. */
  act(id: string, act: Act, leaving?: boolean): Promise<DeskRequest>;
  say(id: string, text: string): Promise<DeskRequest>;
  /** Takes in a photo from the spot and gives its name. */
  upload(photo: Blob): Promise<string>;
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
  /** Where its workbook, or the table of its requests, is fetched. */
  reportUrl(file: 'report.xlsx' | 'requests.csv' | 'requests.geojson' | 'open-data.csv', period: Period): string;
  photoUrl(hash: string, thumb: boolean): string;
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
