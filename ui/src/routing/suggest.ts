// Where to: the suggestions by number, any unit by its name. Two letters have to be enough (Y, Z, A, ⏎),
// so that what begins with the letters comes before what has them somewhere inside.
import { fold } from '$ui/lib/fold';
import type { DeskUnit } from '$ui/wire/DeskUnit';

export const FOUND_MAX = 8;

interface Ranked {
  unit: DeskUnit;
  rank: number;
}

/** 0 the name begins so, 1 its words begin so in that order, 2 all query words begin some word, 3 inside; null not at all. */
export function rankOf(name: string, query: string): number | null {
  const folded = fold(name);
  const asked = fold(query).trim();
  if (!asked) return null;
  if (folded.startsWith(asked)) return 0;
  const words = folded.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  if (words.map((word) => word[0]).join('').startsWith(asked.replace(/\s/g, '')) && asked.length > 1) return 1;
  const parts = asked.split(/\s+/);
  if (parts.every((part) => words.some((word) => word.startsWith(part)))) return 2;
  return parts.every((part) => folded.includes(part)) ? 3 : null;
}

/** A case is handed to who works: not to the municipality as a whole. */
export const canHold = (unit: DeskUnit): boolean => unit.kind !== 'kurum';

export function findUnits(units: DeskUnit[], query: string, max = FOUND_MAX): DeskUnit[] {
  return units
    .flatMap((unit): Ranked[] => {
      const rank = rankOf(unit.name, query);
      return rank === null || !canHold(unit) ? [] : [{ unit, rank }];
    })
    .sort((a, b) => a.rank - b.rank || a.unit.name.length - b.unit.name.length || a.unit.name.localeCompare(b.unit.name, 'tr'))
    .slice(0, max)
    .map(({ unit }) => unit);
}

/** Everything below a unit, for handing down. */
export function below(units: DeskUnit[], code: string): DeskUnit[] {
  const inside = new Set([code]);
  // Parents come first in the directory, so one pass is enough.
  for (const unit of units) if (unit.parent && inside.has(unit.parent)) inside.add(unit.code);
  inside.delete(code);
  return units.filter((unit) => inside.has(unit.code));
}

/** 1 to 9 choose from what is listed; anything else chooses nothing. */
export const numbered = (key: string, count: number): number | null => (/^[1-9]$/.test(key) && Number(key) <= count ? Number(key) - 1 : null);
