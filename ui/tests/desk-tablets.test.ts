// The fleet at the desk, over the fake back end: who may do what with it.
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fakeDesk } from '$ui/backend/desk-fake';
import { settings } from '$ui/lib/settings.svelte';
import Desk from '$ui/screens/desk/Desk.svelte';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

let desk: Record<string, unknown> | undefined;
const named = (name: string) => [...document.querySelectorAll<HTMLElement>('button, a')].filter((one) => one.textContent?.includes(name));

async function fleetOf(role: string) {
  settings.locale = 'tr';
  location.hash = '#/tablets';
  const door = fakeDesk(new URLSearchParams(`as=${role}`));
  const revoked = vi.spyOn(door, 'revokeTablet');
  desk = mount(Desk, { target: document.body, props: { door } });
  await vi.waitFor(() => {
    flushSync();
    expect(document.querySelectorAll('tbody tr').length).toBeGreaterThan(1);
  }, 10_000);
  return revoked;
}
afterEach(async () => {
  if (desk) await unmount(desk);
  desk = undefined;
});

describe('the fleet', () => {
  it('is seen by triage, which enrols tablets and takes none’s way in', async () => {
    await fleetOf('triage');
    expect([named('Tablet kaydet').length, named('Yetkisini kaldır').length, named('Değiştir').length]).toEqual([1, 0, 0]);
  });

  it('is only looked at by auditors', async () => {
    await fleetOf('auditor');
    expect([named('Tablet kaydet').length, named('Yetkisini kaldır').length, named('Değiştir').length]).toEqual([0, 0, 0]);
  });

  it('keeps what an operator decided, though the tab is closed at once', async () => {
    const revoked = await fleetOf('operator');
    named('Yetkisini kaldır')[0]?.click();
    flushSync();
    expect(revoked).not.toHaveBeenCalled();
    window.dispatchEvent(new Event('pagehide'));
    await vi.waitFor(() => expect(revoked).toHaveBeenCalledOnce());
  });
});
