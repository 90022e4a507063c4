// How full the battery is, where the platform says: Android's WebView does, WebKitGTK does not.

interface Battery extends EventTarget {
  /** 0 to 1. */
  level: number;
}

/** Tells how full it is now, in percent, and with each change of it. Returns how to stop. */
export function followBattery(tell: (percent: number) => void): () => void {
  let [battery, stopped] = [undefined as Battery | undefined, false];
  const told = () => battery && tell(Math.round(battery.level * 100));
  const asked = (navigator as { getBattery?: () => Promise<Battery> }).getBattery?.();
  asked?.then((found) => {
    if (stopped) return;
    battery = found;
    battery.addEventListener('levelchange', told);
    told();
  }).catch(() => {});
  return () => {
    stopped = true;
    battery?.removeEventListener('levelchange', told);
  };
}
