// One sitting at the desk: who is signed in, what is counted in the rail, what waits to be sent, what
// somebody else did meanwhile.
import { getContext, setContext } from 'svelte';
import { troubleOf, type Desk, type DeskFailed } from '$ui/backend/desk';
import { preview, shrink } from '$ui/photo/shrink';
import { NO_FACTS, type Taken } from '$ui/routing/proof';
import { go, route, withAsked } from '$ui/lib/route.svelte';
import { draftsOf, dropDraft } from '$ui/routing/draft';
import { Later } from '$ui/routing/later.svelte';
import { isOvertaken, PendingActs, type Pending } from '$ui/routing/pending.svelte';
import { Saved } from '$ui/routing/saved.svelte';
import { Seldom } from '$ui/routing/seldom';
import { Templates } from '$ui/routing/templates.svelte';
import { actionDone } from '$ui/routing/words';
import { arrive, type Arrival } from './arrival';
import type { Act } from '$ui/wire/Act';
import type { Alike } from '$ui/wire/Alike';
import type { Around } from '$ui/wire/Around';
import type { DeskDirectory } from '$ui/wire/DeskDirectory';
import type { DeskDistrict } from '$ui/wire/DeskDistrict';
import type { DeskNeighbourhood } from '$ui/wire/DeskNeighbourhood';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { Foreseen } from '$ui/wire/Foreseen';
import type { Me } from '$ui/wire/Me';
import type { QueueRow } from '$ui/wire/QueueRow';
import type { Queue } from '$ui/wire/Queue';
import type { Role } from '$ui/wire/Role';

export type Section = 'triage' | 'inbox' | 'intake' | 'late' | 'all' | 'reports' | 'announcements' | 'tablets' | 'quarantine' | 'accounts' | 'rules' | 'units' | 'health';
/** What each role works with, the first being its home. Rights are the server's; this only keeps dead ends out of the rail. */
const SECTIONS: Record<Role, Section[]> = {
  triage: ['triage', 'intake', 'late', 'all', 'units', 'reports', 'announcements', 'tablets', 'rules', 'quarantine'],
  unit: ['inbox', 'late', 'all', 'reports'],
  approver: ['inbox', 'late', 'all', 'units', 'reports'],
  head: ['inbox', 'late', 'all', 'units', 'reports'],
  auditor: ['triage', 'late', 'all', 'units', 'reports', 'announcements', 'tablets', 'rules', 'quarantine', 'accounts', 'health'],
  operator: ['tablets', 'accounts', 'units', 'rules', 'announcements', 'quarantine', 'health', 'all', 'reports'],
};
/** Bytes of an original that the server looks at. */
const LOOKED_AT = 256 * 1024;
const GATHER_MS = 300;
/** As often at most it is asked again while others write without a pause. */
const SELDOM_MS = 2_000;
const KEPT_REQUESTS = 50;

export type Phase = 'starting' | 'unreachable' | 'signed_out' | 'ready';

export class Session {
  me: Me | null = $state.raw(null);
  phase: Phase = $state('starting');
  trouble: DeskFailed | null = $state.raw(null);
  /** What people call the identity provider, where there is one. */
  provider: string | null = $state(null);
  /** How the way back from it ended, until one tries again. */
  arrival: Arrival | null = $state(null);
  /** Signed out in the middle of work: everything stays where it is under the sign-in. */
  lost = $state(false);
  live = $state(true);
  counts = $state({ triage: 0, inbox: 0, late: 0, quarantine: 0 });
  directory: DeskDirectory = $state.raw({ units: [], categories: [], districts: [], neighbourhoods: [] });
  /** Units and places could not be had: there is nothing to choose from. */
  blind = $state(false);
  /** Grows whenever something may have changed: lists and requests are asked for again. */
  version = $state(0);
  /** Decisions that others overtook, or that cannot be taken as things stand now. */
  overtaken: Pending[] = $state([]);
  readonly pending: PendingActs;
  readonly templates: Templates;
  readonly saved = new Saved();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on the screen depends on it
  readonly #known = new Map<string, DeskRequest>();
  /** What comes together is looked at together, and while the city writes without a pause, now and then all the same. */
  readonly #refresh = new Seldom(SELDOM_MS, () => (this.version += 1), GATHER_MS);
  #stopListening = () => {};

  constructor(readonly door: Desk) {
    this.templates = new Templates(door, (ask) => this.noticing(ask));
    this.pending = new PendingActs(door, {
      sent: (request, { act }) => {
        this.know(request);
        dropDraft(request.row.id, act.action);
        this.version += 1;
      },
      failed: (trouble, pending) => {
        if (trouble.trouble === 'signed_out') this.lost = true;
        if (!isOvertaken(trouble)) return;
        this.overtaken = [pending, ...this.overtaken.filter(({ id }) => id !== pending.id)];
        this.version += 1;
      },
      back: ({ id, size }) => void (size === 1 && this.open(id)),
    }, () => this.me?.name ?? '');
  }

  get sections(): Section[] {
    return this.me ? SECTIONS[this.me.role] : [];
  }

  /** Limited to some districts: decides nothing that holds for the whole city. */
  get limited(): boolean {
    return Boolean(this.me?.districts.length);
  }

  /** Districts whose muhtars this person works with. */
  get districts(): DeskDistrict[] {
    return this.limited ? (this.me?.districts ?? []) : this.directory.districts;
  }

  /** Neighbourhoods of those. Their codes begin with their district's. */
  get neighbourhoods(): DeskNeighbourhood[] {
    const { neighbourhoods } = this.directory;
    return this.limited ? neighbourhoods.filter(({ code }) => this.districts.some((district) => code.startsWith(`${district.code}-`))) : neighbourhoods;
  }

  async start(): Promise<void> {
    this.phase = 'starting';
    this.arrival = arrive() ?? this.arrival;
    // Known before the form stands there, so that nothing in it moves.
    const ways = this.door.ways().catch(() => null);
    try {
      this.enter(await this.door.me());
    } catch (cause) {
      this.trouble = troubleOf(cause);
      if (this.arrival === 'in') this.arrival = 'failed';
      this.provider = (await ways)?.provider ?? null;
      this.phase = this.trouble.trouble === 'signed_out' ? 'signed_out' : 'unreachable';
    }
  }

  enter(me: Me): void {
    const before = this.me;
    // Somebody else at the same browser must not send what the first one decided.
    if (before && (before.name !== me.name || before.role !== me.role)) for (const { id } of [...this.pending.list]) this.pending.takeBack(id);
    this.me = me;
    this.lost = false;
    this.arrival = null;
    this.phase = 'ready';
    draftsOf(me.name);
    this.saved.of(me.name);
    this.templates.list = null;
    this.#stopListening();
    this.#stopListening = this.door.listen(
      () => this.#refresh.soon(),
      (up) => (this.live = up),
    );
    this.pending.retry();
    void this.door.ways().then(({ provider }) => (this.provider = provider), () => {});
    void this.reloadDirectory();
    // The rail's numbers come with any list; one row's worth is asked for where no list is open.
    const own = this.sections.find((section) => section === 'inbox' || section === 'triage');
    if (own) void this.guard(() => this.queue({ list: own }));
    if (this.sections.includes('quarantine')) void this.guard(() => this.door.quarantine()).then((held) => held && (this.counts.quarantine = held.total));
    this.version += 1;
  }

  /** Whether somebody signed in elsewhere in this browser meanwhile. */
  async look(): Promise<void> {
    const me = await this.door.me().catch(() => null);
    if (me) this.enter(me);
  }

  /** Asks for units, categories and places again: at the beginning, and when they were changed here. */
  async reloadDirectory(): Promise<void> {
    const directory = await this.guard(() => this.door.directory());
    if (directory) this.directory = directory;
    this.blind = this.directory.units.length === 0;
  }

  /** The tab is closed: whatever waits for second thoughts goes now. */
  leave(): void {
    this.pending.leave();
    void Later.leaveAll();
  }

  async signOut(): Promise<void> {
    // While it still may: nothing that was decided is lost with the session.
    await Promise.all([this.pending.flush(), Later.leaveAll()]);
    await this.door.signOut().catch(() => {});
    this.#stopListening();
    this.me = null;
    this.#known.clear();
    this.phase = 'signed_out';
  }

  /** Asks, and notices when the session is over; undefined when it failed. */
  async guard<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.noticing(ask)();
    } catch {
      return undefined;
    }
  }

  /** The same question, noticing on the way that the session is over. */
  noticing<T>(ask: () => Promise<T>): () => Promise<T> {
    return async () => {
      try {
        return await ask();
      } catch (cause) {
        if (troubleOf(cause).trouble === 'signed_out') this.lost = true;
        throw cause;
      }
    };
  }

  queue = async (ask: Parameters<Desk['queue']>[0]): Promise<Queue> => {
    const queue = await this.noticing(() => this.door.queue(ask))();
    this.counts.triage = queue.triage;
    this.counts.inbox = queue.inbox;
    this.counts.late = queue.late;
    return queue;
  };

  request = async (id: string): Promise<DeskRequest> => this.know(await this.noticing(() => this.door.request(id))());

  similar = (id: string): Promise<Alike[]> => this.noticing(() => this.door.similar(id))();
  around = (id: string): Promise<Around> => this.noticing(() => this.door.around(id))();
  /** Requests by number or words. */
  search = (query: string): Promise<QueueRow[]> => this.noticing(() => this.door.queue({ list: 'all', q: query }))().then(({ rows }) => rows);
  preview = (ids: string[], act: Act): Promise<Foreseen[]> => this.noticing(() => this.door.preview(ids, act))();
  /** Takes in a photo as a camera or phone made it: what it wrote is read first, then only the picture goes. */
  upload = (original: Blob): Promise<Taken> =>
    this.noticing(async () => {
      // Without it the photo is as good.
      const facts = await this.door.photoFacts(original.slice(0, LOOKED_AT)).catch(() => NO_FACTS);
      const photo = await shrink(original);
      const hash = await this.door.upload(photo, facts);
      // Without its preview tablets wait for the whole of it.
      await preview(photo).then((small) => this.door.uploadPreview(hash, small)).catch(() => undefined);
      return { hash, facts };
    })();

  /** What was seen of it last, to show at once while it is asked for again. */
  known = (id: string): DeskRequest | undefined => this.#known.get(id);

  know(request: DeskRequest): DeskRequest {
    this.#known.delete(request.row.id);
    this.#known.set(request.row.id, request);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > KEPT_REQUESTS && oldest) this.#known.delete(oldest);
    return request;
  }

  submit(request: DeskRequest, act: Act, detail = ''): void {
    const { id, no } = request.row;
    this.overtaken = this.overtaken.filter((old) => old.id !== id);
    this.pending.add(id, no, act, actionDone(act.action, detail));
  }

  /** One decision about several requests, each as it was seen. */
  submitTogether(seen: Foreseen[], act: Act, detail = ''): void {
    const decided = seen.map(({ id, no, n }) => ({ id, no, act: { ...act, n } }));
    this.pending.addTogether(decided, actionDone(act.action, detail));
  }

  async say(id: string, text: string): Promise<boolean> {
    const request = await this.guard(() => this.door.say(id, text));
    if (request) {
      this.know(request);
      this.version += 1;
    }
    return request !== undefined;
  }

  /** Opens a request where this person works. */
  open(id: string): void {
    if (route.name === 'triage') go(withAsked(`#/triage/${id}`, route.asked));
    else if (route.name === 'inbox') go(withAsked(`#/inbox/${route.id || 'all'}/${id}`, route.asked));
    else go(`#/request/${id}`);
  }

  home(): string {
    return `#/${this.sections[0] ?? 'all'}`;
  }
}

const KEY = Symbol('session');
export const provideSession = (session: Session): Session => setContext(KEY, session);
export const useSession = (): Session => getContext<Session>(KEY);
