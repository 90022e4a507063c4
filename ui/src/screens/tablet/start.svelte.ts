// Between the code and the first page stands one question: is this your neighbourhood? That it has not
// been answered yet must outlive a restart, so that nobody files under a stranger's name.
const KEY = 'mbs.confirm';

let pending = $state(read());

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === 'pending';
  } catch {
    return false;
  }
}

export const awaitsConfirmation = (): boolean => pending;

export function askConfirmation(ask: boolean): void {
  pending = ask;
  try {
    if (ask) localStorage.setItem(KEY, 'pending');
    else localStorage.removeItem(KEY);
  } catch {
    // Without a store the question is asked for this run only.
  }
}
