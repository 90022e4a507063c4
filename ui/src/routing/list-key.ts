// The keys of a field with a list under it: arrows move, Enter takes, Escape lets go. As ARIA has it.
export interface Listed {
  count: number;
  at: number;
  move: (at: number) => void;
  take: () => void;
  clear: () => void;
}

/** Whether the key was the list's; then nobody else gets it. */
export function listKey(event: KeyboardEvent, { count, at, move, take, clear }: Listed): boolean {
  if (!count || event.ctrlKey) return false;
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') move((at + (event.key === 'ArrowDown' ? 1 : -1) + count) % count);
  else if (event.key === 'Enter') take();
  else if (event.key === 'Escape') clear();
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}
