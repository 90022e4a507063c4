// Which back end the desk has: decided once, at start.
import type { Desk } from './desk';

export async function chooseDesk(): Promise<Desk> {
  if (__SHOTS__ && new URLSearchParams(location.search).has('fake')) {
    const { fakeDesk } = await import('./desk-fake');
    return fakeDesk(new URLSearchParams(location.search));
  }
  const { httpDesk } = await import('./desk-http');
  return httpDesk();
}
