// Small things kept in this browser. It may refuse (full, or forbidden): then nothing is kept, and nothing breaks.

/** What was kept as JSON under that name; null: nothing, or nothing that can be read. */
export function readKept<T>(name: string): Partial<T> | null {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null') as Partial<T> | null;
  } catch {
    return null;
  }
}

/** Keeps it as JSON, or forgets it where it is null; whether that was done. */
export function keep(name: string, value: unknown): boolean {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}
