// Locks a tablet with a PIN when nobody has touched it for a while. What is being written stays where it is.
import { settings } from '$ui/lib/settings.svelte';
import type { App } from './app.svelte';

const LOOK_EVERY_MS = 5_000;

export function lockWhenIdle(app: App): () => void {
  let touched = Date.now();
  const touch = () => (touched = Date.now());
  const look = () => {
    const lock = app.status?.lock;
    if (!lock?.pin || lock.locked) return touch();
    const idle = Date.now() - touched;
    // A clock that was set back is no reason to stay open.
    if (idle < 0 || idle >= settings.lockAfter * 60_000) void app.lock();
  };
  // Back from the camera, a call or the pocket: looked at before anything can be read.
  const back = () => document.visibilityState === 'visible' && look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  const touches = ['pointerdown', 'keydown', 'wheel'] as const;
  for (const name of touches) addEventListener(name, touch, { capture: true, passive: true });
  document.addEventListener('visibilitychange', back);
  return () => {
    clearInterval(timer);
    for (const name of touches) removeEventListener(name, touch, { capture: true });
    document.removeEventListener('visibilitychange', back);
  };
}
