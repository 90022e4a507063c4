// The map pack that came by sync, where there is one: shown in place of the map that the app brings.
import type { Tablet } from '$ui/backend/tablet';

let door: Tablet | undefined;

/** Where packs lie; the desk has none. */
export function mapsFrom(tablet: Tablet): void {
  door = tablet;
}

export interface Pack {
  /** What tells it from another one. */
  key: number;
  /** What is in it; fails where it is damaged, or replaced by now. */
  read(): Promise<unknown>;
}

/** The pack that is shown; `null`: the app's own map is. */
export async function packHere(): Promise<Pack | null> {
  const tablet = door;
  const pack = await tablet?.call({ call: 'map' });
  if (!tablet || !pack) return null;
  return { key: pack.mark, read: () => unpack(tablet, pack.mark, pack.parts) };
}

async function unpack(tablet: Tablet, mark: number, count: number): Promise<unknown> {
  let squeezed = '';
  for (let part = 0; part < count; part++) {
    const data = await tablet.call({ call: 'map_part', mark, part });
    if (data === null) throw new Error(`map pack: part ${part} is not here`);
    squeezed += atob(data);
  }
  const { body } = new Response(Uint8Array.from(squeezed, (letter) => letter.charCodeAt(0)));
  return new Response(body?.pipeThrough(new DecompressionStream('gzip'))).json();
}
