// Where the tablet stands. The watch starts when the form opens, so that by the time of sending the
// receiver has had minutes; the best fix is kept, a later worse one does not replace it.
import type { Fix } from '$ui/wire/Fix';

/** Older than this, a fix says where the tablet was, not where it is. */
const FRESH_MS = 3 * 60_000;

export type Search = 'off' | 'searching' | 'found' | 'denied' | 'unavailable';

export function better(now: { fix: Fix; at: number } | null, next: { fix: Fix; at: number }): boolean {
  return !now || next.fix.accuracy <= now.fix.accuracy || next.at - now.at > FRESH_MS;
}

export class Position {
  search = $state<Search>('off');
  best = $state.raw<{ fix: Fix; at: number } | null>(null);
  #watch: number | undefined;

  constructor(private readonly onbetter: (fix: Fix) => void) {}

  start(): void {
    if (this.#watch !== undefined) return;
    if (!('geolocation' in navigator)) {
      this.search = 'unavailable';
      return;
    }
    this.search = 'searching';
    this.#watch = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        const fix: Fix = { lat: coords.latitude, lon: coords.longitude, accuracy: Math.round(coords.accuracy), source: 'gps' };
        const next = { fix, at: timestamp };
        this.search = 'found';
        if (!better(this.best, next)) return;
        this.best = next;
        this.onbetter(fix);
      },
      (error) => {
        if (!this.best) this.search = error.code === error.PERMISSION_DENIED ? 'denied' : 'unavailable';
      },
      { enableHighAccuracy: true, maximumAge: 10_000, timeout: 60_000 },
    );
  }

  stop(): void {
    if (this.#watch !== undefined) navigator.geolocation.clearWatch(this.#watch);
    this.#watch = undefined;
  }
}

/** Metres between two points, good enough at the size of a city. */
export function metres(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const north = (a.lat - b.lat) * 111_320;
  const east = (a.lon - b.lon) * 111_320 * Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}
