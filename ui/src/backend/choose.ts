// Which back end these screens have: decided once, at start.
import type { Tablet } from './tablet';

export async function chooseTablet(): Promise<Tablet> {
  if (__SHOTS__ && new URLSearchParams(location.search).has('fake')) {
    const { fakeTablet } = await import('./fake/tablet');
    return fakeTablet(new URLSearchParams(location.search));
  }
  const { inTauri, tauriTablet } = await import('./tauri');
  if (inTauri()) return tauriTablet();
  const { httpTablet } = await import('./http');
  return httpTablet();
}
