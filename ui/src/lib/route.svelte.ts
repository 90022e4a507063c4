// A router of a few lines: the page is the fragment of the address, so that it works from a file, from
// the shell's own scheme and from a server, and the tablet's back button goes where it should.
import { settled } from './back';

export interface Route {
  name: string;
  id: string;
  sub: string;
  /** What stands behind a `?`: how a list is filtered. */
  asked: Record<string, string>;
}

export function parse(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [name = '', id = '', sub = ''] = path.split('/').map(decodeURIComponent);
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- read once
  return { name: name || 'home', id, sub, asked: Object.fromEntries(new URLSearchParams(query)) };
}

/** An address with what is asked for behind it; what is empty is left out. */
export function withAsked(path: string, asked: Record<string, string>): string {
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- written once
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value)).toString();
  return query ? `${path}?${query}` : path;
}

export const route: Route = $state(parse(typeof location === 'undefined' ? '' : location.hash));

export function follow(): () => void {
  const changed = () => Object.assign(route, parse(location.hash));
  changed();
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

export function go(to: string, replace = false): void {
  settled(() => {
    if (replace) history.replaceState(null, '', to);
    else location.hash = to;
  });
  // The event comes later; what is done meanwhile is done where one already is.
  Object.assign(route, parse(to));
}
