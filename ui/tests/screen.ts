// The tablet's real screens over the fake back end, for journeys.
import { flushSync, mount, unmount } from 'svelte';
import { afterEach, beforeEach } from 'vitest';
import { fakeTablet, type Fake } from '$ui/backend/fake/tablet';
import { settings } from '$ui/lib/settings.svelte';
import { undo } from '$ui/lib/undo.svelte';
import Tablet from '$ui/screens/tablet/Tablet.svelte';

export let door: Fake;
let app: Record<string, unknown> | undefined;

export async function open(options: string, hash: string) {
  location.hash = hash;
  door = fakeTablet(new URLSearchParams(options));
  app = mount(Tablet, { target: document.body, props: { door } });
  await settled();
}

/** Leaves the app as it is. */
export async function close() {
  if (app) await unmount(app);
  app = undefined;
  await settled();
}

/** Opens it again over the same back end. */
export async function reopen(hash: string) {
  location.hash = hash;
  app = mount(Tablet, { target: document.body, props: { door } });
  await settled();
}

export async function settled() {
  for (let i = 0; i < 8; i++) {
    await new Promise((done) => setTimeout(done, 5));
    flushSync();
  }
}

export const text = () => document.body.textContent ?? '';

/** Taps a button or follows a link. */
export async function tap(name: string) {
  const found = [...document.querySelectorAll<HTMLElement>('button, a')].find((candidate) => candidate.textContent?.trim() === name);
  if (!found) throw new Error(`nothing is called ${name}`);
  found.click();
  await settled();
}

export async function write(field: HTMLInputElement | HTMLTextAreaElement, words: string) {
  field.value = words;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  await settled();
}

export const said = (call: string) => door.calls.filter((made) => made.call === call);

beforeEach(() => {
  HTMLDialogElement.prototype.showModal ??= function () {};
  HTMLDialogElement.prototype.close ??= function () {};
});
afterEach(async () => {
  undo.takeBack();
  await close();
  document.body.replaceChildren();
  localStorage.clear();
  settings.locale = 'tr';
});
