// The system's back button: it takes away what lies over a page before it leaves the page. Each layer has an entry of its own
// in the history, which goes when the layer is closed in any other way.

/** Larger than those of an earlier load, whose entries may still be there. */
let last = Math.floor(performance.timeOrigin) * 1000;
const layers = new Map<number, () => void>();
/** The layer whose entry is being left; 0: none. Going back takes a moment, and what is done meanwhile would be undone by it. */
let leaving = 0;
let waiting: (() => void)[] = [];
let listens = false;

const layerOf = (state: unknown): number => (typeof state === 'object' && state !== null && 'layer' in state ? Number(state.layer) : 0);

/** Does something with the history once it stands still. */
export function settled(act: () => void): void {
  if (leaving) waiting.push(act);
  else act();
}

function leave(key: number): void {
  leaving = key;
  history.back();
}

function popped(): void {
  // Not what the event says: that of a page one went to may come when something lies over it, or is left, already.
  const here = layerOf(history.state);
  if (leaving && leaving === here) return;
  // An entry of a layer that is gone: the page under it is what is meant.
  if (here && !layers.has(here)) return leave(here);
  if (!leaving) {
    for (const [key, close] of [...layers].reverse()) if (key > here) close();
    return;
  }
  leaving = 0;
  const acts = waiting;
  waiting = [];
  for (const act of acts) act();
}

/** Something lies over the page from now on; `close` takes it away. Returns what to call when it is gone. */
export function layer(close: () => void): () => void {
  if (!listens) addEventListener('popstate', popped);
  listens = true;
  const key = ++last;
  layers.set(key, close);
  settled(() => {
    if (layers.has(key)) history.pushState({ layer: key }, '');
  });
  return () => {
    layers.delete(key);
    if (layerOf(history.state) === key && !leaving) leave(key);
  };
}
