// What the platform says of the network: whether there is one, and whether its bytes are paid for.

export interface Line {
  online: boolean;
  /** `null` where the platform does not say. */
  metered: boolean | null;
}

/** Android's WebView knows this; WebKitGTK does not. */
interface Connection extends EventTarget {
  type?: string;
  saveData?: boolean;
}

const connection = (): Connection | undefined => (navigator as { connection?: Connection }).connection;

export function line(): Line {
  const found = connection();
  const known = found?.type !== undefined && found.type !== 'unknown';
  return { online: navigator.onLine, metered: found?.saveData ? true : known ? found?.type === 'cellular' : null };
}

/** Tells how the line is now and with each change of it. Returns how to stop. */
export function followLine(tell: (line: Line) => void): () => void {
  const told = () => tell(line());
  const found = connection();
  addEventListener('online', told);
  addEventListener('offline', told);
  found?.addEventListener('change', told);
  told();
  return () => {
    removeEventListener('online', told);
    removeEventListener('offline', told);
    found?.removeEventListener('change', told);
  };
}
