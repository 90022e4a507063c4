// A router of a few lines: the page is the fragment of the address, so that it works from a file, from
// the shell's own scheme and from a server, and the tablet's back button goes where it should.
export interface Route {
  name: string;
  id: string;
  sub: string;
}

export function parse(hash: string): Route {
  const [name = '', id = '', sub = ''] = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  return { name: name || 'home', id, sub };
}

export const route: Route = $state(parse(typeof location === 'undefined' ? '' : location.hash));

export function follow(): () => void {
  const changed = () => Object.assign(route, parse(location.hash));
  changed();
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

export function go(to: string, replace = false): void {
  if (replace) {
    history.replaceState(null, '', to);
    Object.assign(route, parse(to));
  } else {
    location.hash = to;
  }
}
