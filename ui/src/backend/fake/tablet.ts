import type { Tablet } from '../tablet';

export function fakeTablet(_options: URLSearchParams): Tablet {
  throw new Error('not written yet');
}
