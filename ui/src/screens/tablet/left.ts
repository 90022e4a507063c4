// Where one was when the app was ended: within the hour it opens there again. Only the address is kept, never what stood there.
import { keep, readKept } from '$ui/lib/kept';
import type { Route } from '$ui/lib/route.svelte';

const KEY = 'mbs.left';
const HOUR = 3_600_000;
/** Pages one stays on; the others are ways to somewhere. */
const PAGES = ['draft', 'request', 'outbox', 'announcements', 'tablet'];

export function stays({ name, id, sub }: Route, now = Date.now()): void {
  const page = [name, id, sub === 'versions' ? sub : ''].filter(Boolean).map(encodeURIComponent).join('/');
  keep(KEY, PAGES.includes(name) ? { page, at: now } : null);
}

/** The address to open instead of the first page, if any. */
export function left(now = Date.now()): string | null {
  const kept = readKept<{ page: string; at: number }>(KEY);
  const recent = kept?.at !== undefined && now - kept.at >= 0 && now - kept.at < HOUR;
  return kept?.page && recent ? `#/${kept.page}` : null;
}
