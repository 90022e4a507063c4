// Keyboard shortcuts. A letter is read with Turkish case rules (İ/i and I/ı are two letters) whatever
// the language, works only outside of fields where one types, and can be switched off (WCAG 2.1.4).
const OFF_KEY = 'mbs.desk.keys';

/** The name of a pressed key: a letter in Turkish lower case, or the key's own name. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  const { key } = event;
  const name = [...key].length === 1 ? key.toLocaleLowerCase('tr').normalize('NFC') : key;
  if (event.altKey) return `Alt ${name}`;
  return event.ctrlKey || event.metaKey ? `Ctrl ${name}` : name;
}

/** How a key is written on a button. */
export function keyLabel(name: string): string {
  if (name === 'Enter') return '⏎';
  if (name === 'Ctrl Enter') return 'Ctrl ⏎';
  return [...name].length === 1 ? name.toLocaleUpperCase('tr') : name;
}

/** Whether typing there writes text. */
export function typesIn(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit', 'file'].includes(target.type);
}

/** Enter on a control does what the control does; on the entry that is open already it is free. */
function hasOwnEnter(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const control = target.closest('a[href], button, summary, input, select, textarea');
  if (!control || control.matches('a[aria-current]')) return false;
  return !(control instanceof HTMLInputElement && (control.type === 'radio' || control.type === 'checkbox'));
}

export type Handler = () => boolean | void;
export type Keys = Record<string, Handler | undefined>;

function kept(): boolean {
  try {
    return localStorage.getItem(OFF_KEY) !== 'off';
  } catch {
    return true;
  }
}

/** Whether single letters do something. */
export const shortcuts = $state({ on: kept() });

export function switchKeys(on: boolean): void {
  shortcuts.on = on;
  try {
    if (on) localStorage.removeItem(OFF_KEY);
    else localStorage.setItem(OFF_KEY, 'off');
  } catch {
    // Forgotten at the next start, no more.
  }
}

const layers: (() => Keys)[] = [];

/** Adds shortcuts above those that are there; the returned function takes them away. */
export function pushKeys(keys: () => Keys): () => void {
  layers.push(keys);
  return () => {
    const at = layers.lastIndexOf(keys);
    if (at >= 0) layers.splice(at, 1);
  };
}

/** The keys of a screen or a part, as long as it is there. Call while the component is made. */
export function useKeys(keys: () => Keys): void {
  $effect(() => pushKeys(keys));
}

export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const name = keyName(event);
  const plain = !name.startsWith('Ctrl ') && !name.startsWith('Alt ');
  if (plain && name !== 'Escape') {
    if (typesIn(event.target) || !shortcuts.on || document.querySelector('dialog[open]')) return;
    if (name === 'Enter' && hasOwnEnter(event.target)) return;
  }
  for (const layer of [...layers].reverse()) {
    const handler = layer()[name];
    if (!handler) continue;
    if (handler() === false) continue;
    event.preventDefault();
    return;
  }
}
