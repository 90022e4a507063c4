// The organisation as operators change it: tables read as spreadsheets save them, and what differs.
import type { Unit } from '$ui/wire/Unit';
import type { UnitChange } from '$ui/wire/UnitChange';
import type { UnitKind } from '$ui/wire/UnitKind';
import { unitKindName } from './words';

export const KINDS: UnitKind[] = ['kurum', 'ofis', 'daire', 'mudurluk', 'istirak', 'bagli-kurulus', 'dis-kurum', 'ilce-belediyesi'];
/** As the server takes them, in bytes. */
const MAX_TABLE = 900 * 1024;

export const newUnit = (): Unit => ({ code: '', name: '', name_en: '', kind: 'mudurluk', parent: null, short: null, retired: false, successors: [] });
export const sameUnit = (a: Unit, b: Unit): boolean => JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
const inOrder = ({ code, name, name_en, kind, parent, short, retired, successors }: Unit) => [code, name, name_en, kind, parent, short, retired, successors];

/** How deep each unit lies, by its code. Parents come first. */
export function depths(units: Unit[]): Map<string, number> {
  const deep = new Map<string, number>();
  for (const { code, parent } of units) deep.set(code, parent === null ? 0 : (deep.get(parent) ?? 0) + 1);
  return deep;
}

/** The text of a table: UTF-8, or what Turkish spreadsheets call CSV (Windows-1254). */
export async function readTable(file: Blob): Promise<string | { trouble: 'too_large' | 'not_read' }> {
  if (file.size > MAX_TABLE) return { trouble: 'too_large' };
  const bytes = await file.arrayBuffer();
  for (const encoding of ['utf-8', 'windows-1254']) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      // A workbook or a picture is no table, whichever way one reads it.
      return text.includes('\0') ? { trouble: 'not_read' } : text;
    } catch {
      // The other one.
    }
  }
  return { trouble: 'not_read' };
}

/** What happens to a unit, in a word. */
export function changeOf({ before, after }: UnitChange): 'new' | 'closed' | 'opened' | 'changed' {
  if (!before) return 'new';
  if (before.retired === after.retired) return 'changed';
  return after.retired ? 'closed' : 'opened';
}

/** What differs between before and after, each as a person reads it. */
export function differences({ before, after }: UnitChange, name: (code: string) => string): Array<[string, string]> {
  if (!before) return [];
  const text = (unit: Unit) => [unit.name, unit.name_en, unitKindName(unit.kind), unit.parent === null ? '—' : name(unit.parent), unit.short ?? '—'];
  const [was, is] = [text(before), text(after)];
  return was.flatMap((old, i): Array<[string, string]> => (old === is[i] ? [] : [[old, is[i] ?? '']]));
}
