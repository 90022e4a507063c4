// Signing in at the identity provider: one leaves the desk's page for its page, and comes back to another.
import { go } from '$ui/lib/route.svelte';

const WORDS = ['in', 'code', 'away', 'unknown', 'refused', 'failed', 'slow'] as const;
/** How the way back ended. */
export type Arrival = (typeof WORDS)[number];
const BACK = 'mbs.back';

/** Goes to the provider's page, and remembers where one was. */
export function leaveFor(address: string): void {
  try {
    sessionStorage.setItem(BACK, location.hash);
  } catch {
    // Without it one comes back to the first page.
  }
  location.assign(address);
}

/** How it ended, taken out of the address; where one was stands there again. Null: one did not come from there. */
export function arrive(): Arrival | null {
  const asked = new URLSearchParams(location.search);
  const said = asked.get('sign-in');
  if (said === null) return null;
  asked.delete('sign-in');
  history.replaceState(null, '', `${location.pathname}${asked.size ? `?${asked}` : ''}${location.hash}`);
  try {
    const back = sessionStorage.getItem(BACK);
    sessionStorage.removeItem(BACK);
    if (back) go(back, true);
  } catch {
    // The first page, then.
  }
  return WORDS.find((word) => word === said) ?? 'failed';
}
