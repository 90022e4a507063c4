// The desk's door over HTTP: same origin, session cookie, JSON.
import { DeskFailed, type Ask, type Desk, type Trouble } from './desk';

const SILENCE_MS = 5_000;

export function httpDesk(base = '/desk/api'): Desk {
  async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    let response: Response;
    try {
      response = await fetch(`${base}/${path}`, { credentials: 'same-origin', ...init });
    } catch (cause) {
      throw new DeskFailed('offline', cause instanceof Error ? cause.message : '');
    }
    if (!response.ok) throw await refusal(response);
    if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T;
    return (await response.json().catch(() => undefined)) as T;
  }
  const post = <T>(path: string, body: unknown, keepalive = false) =>
    ask<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), keepalive });
  /** What waited for second thoughts: it may go in the moment its page is closed, and must outlive that. */
  const decided = <T>(path: string, body: unknown) => post<T>(path, body, true);
  const one = (id: string) => `requests/${encodeURIComponent(id)}`;

  return {
    me: () => ask('me'),
    signIn: (login, password, code) => post('sign-in', { login, password, ...(code ? { code } : {}) }),
    ways: () => ask('sign-in'),
    elsewhere: () => post('oidc', {}),
    secondCode: (code) => post('oidc/code', { code }),
    offerSecondFactor: () => ask('second-factor'),
    secondFactor: (turn, proof) => post(turn === 'on' ? 'second-factor' : 'second-factor/off', proof),
    signOut: () => post('sign-out', {}),
    queue: (list) => ask(`queue?${listQuery(list)}`),
    request: (id) => ask(one(id)),
    similar: (id) => ask(`${one(id)}/similar`),
    around: (id) => ask(`${one(id)}/around`),
    act: (id, act) => decided(`${one(id)}/act`, act),
    preview: (ids, act) => post('requests/preview', { ids, act }),
    say: (id, text) => post(`${one(id)}/say`, { text }),
    photoFacts: (beginning) => ask('photos/facts', { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: beginning }),
    upload: async (photo, facts) => {
      const query = new URLSearchParams(Object.entries(facts).flatMap(([name, value]) => (typeof value === 'number' ? [[name, String(value)]] : [])));
      return (await ask<{ hash: string }>(`photos?${query}`, { method: 'POST', headers: { 'content-type': photo.type || 'application/octet-stream' }, body: photo })).hash;
    },
    uploadPreview: (hash, small) => ask(`photos/${encodeURIComponent(hash)}/thumb`, { method: 'PUT', headers: { 'content-type': 'image/jpeg' }, body: small }),
    enter: (request) => post('requests', request),
    directory: () => ask('directory'),
    templates: () => ask('templates'),
    addTemplate: (template) => post('templates', template),
    dropTemplate: (id) => post(`templates/${id}/drop`, {}),
    look: (id, here) => post(`${one(id)}/look`, { here }, !here),
    tablets: () => ask('tablets'),
    revokeTablet: (prefix) => decided(`tablets/${encodeURIComponent(prefix)}/revoke`, {}),
    replaceTablet: (prefix) => post(`tablets/${encodeURIComponent(prefix)}/replace`, {}),
    health: () => ask('health'),
    accounts: () => ask('accounts'),
    addAccount: (account) => post('accounts', account),
    changeAccount: (login, change) => post(`accounts/${encodeURIComponent(login)}`, { change }),
    addKey: (key) => post('keys', key),
    revokeKey: (name) => post('keys/revoke', { name }),
    people: () => ask('people'),
    units: () => ask('units'),
    switchUnit: (code, approval) => post(`units/${encodeURIComponent(code)}`, { approval }),
    calendar: () => ask('calendar'),
    setDay: (day) => post('calendar', day),
    dropDay: (date) => post(`calendar/${date}/drop`, {}),
    directoryTable: '/desk/api/directory.csv',
    directoryVersions: () => ask('directory/versions'),
    lookAtDirectory: (directory) => post('directory/preview', directory),
    changeDirectory: (directory) => post('directory', directory),
    rules: () => ask('rules'),
    rulesOf: (version) => ask(`rules/${version}`),
    rehearse: (rules) => post('rules/preview', rules),
    changeRules: (rules) => post('rules', rules),
    changePassword: (password) => post('password', password),
    enrol: (wanted) => post('enrolments', wanted),
    announcements: () => ask('announcements'),
    announce: (what) => decided('announcements', what),
    withdraw: (id) => decided(`announcements/${id}/withdraw`, {}),
    unseen: (id) => ask(`announcements/${id}`),
    quarantine: () => ask('quarantine'),
    decide: (id, accept) => decided(`quarantine/${id}`, { accept }),
    report: (period) => ask(`report?${new URLSearchParams({ ...period })}`),
    refusals: (period) => ask(`report/refusals?${new URLSearchParams({ ...period })}`),
    reportUrl: (file, period) => `${base}/${file}?${new URLSearchParams({ ...period })}`,
    exportUrl: (kind, list) => `${base}/requests.${kind}?${listQuery(list)}`,
    photoUrl: (hash, thumb) => `${base}/photos/${encodeURIComponent(hash)}${thumb ? '/thumb' : ''}`,
    qrUrl: (id) => `${base}/${one(id)}/qr.svg`,
    listen(changed, live) {
      let source: EventSource | undefined;
      let again: ReturnType<typeof setTimeout> | undefined;
      let was = false;
      const open = () => {
        source = new EventSource(`${base}/events`);
        source.addEventListener('changed', (event) => changed(idIn(String(event.data))));
        source.onopen = () => {
          live(true);
          if (was) changed(''); // after a break anything may have happened
          was = true;
        };
        source.onerror = () => {
          live(false);
          // The browser comes back by itself unless the server refused (signed out, shutting down).
          if (source?.readyState !== EventSource.CLOSED) return;
          clearTimeout(again);
          again = setTimeout(open, SILENCE_MS);
        };
      };
      open();
      return () => {
        clearTimeout(again);
        source?.close();
      };
    },
  };
}

/** A list as it stands in an address. */
function listQuery({ list, state, q, muhtarlik, percent, hand, after }: Ask): URLSearchParams {
  const query = new URLSearchParams({ list });
  if (state) query.set('state', state);
  if (q) query.set('q', q);
  if (muhtarlik) query.set('muhtarlik', muhtarlik);
  if (percent) query.set('percent', String(percent));
  if (hand !== undefined) query.set('hand', String(hand));
  if (after) query.set('after', after);
  return query;
}

/** The event's data is a request id, bare or as JSON. */
function idIn(data: string): string {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'string') return value;
    if (value && typeof value === 'object' && 'id' in value) return String(value.id);
  } catch {
    // bare
  }
  return data.trim();
}

/** What its status alone does not tell. */
const TOLD_BY_CODE: Trouble[] = ['second_factor', 'not_now'];

async function refusal(response: Response): Promise<DeskFailed> {
  const body: unknown = await response.json().catch(() => null);
  const text = (key: string) => {
    const value = body && typeof body === 'object' ? (body as Record<string, unknown>)[key] : undefined;
    return typeof value === 'string' ? value : '';
  };
  return new DeskFailed(TOLD_BY_CODE.find((trouble) => trouble === text('code')) ?? troubleFor(response.status), text('message'), text('request_id'));
}

function troubleFor(status: number): Trouble {
  if (status === 401) return 'signed_out';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  if (status === 409) return 'stale';
  if (status === 413) return 'too_large';
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 ? 'broken' : 'refused';
}
