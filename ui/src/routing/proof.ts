// Photos from the spot: how many, and whether one was taken there and then.
import { m } from '$ui/paraglide/messages';
import type { PhotoFacts } from '$ui/wire/PhotoFacts';
import { number } from '$ui/lib/format';
import { when } from './when';

/** Photos of one answer or report, as the server counts them. */
export const PROOF_MOST = 6;
/** Farther away than that is not the spot, in metres. */
export const PROOF_FAR = 500;

export const NO_FACTS: PhotoFacts = { taken: null, lat: null, lon: null };

/** A photo that was taken in. */
export interface Taken {
  hash: string;
  facts: PhotoFacts;
}

export interface ProofWord {
  text: string;
  /** Something to look at before one approves. */
  odd: boolean;
}

/** What a photo's camera says of it; claims. */
export function proofWords(taken: number | null | undefined, metres: number | null | undefined, received: number): ProofWord[] {
  const there = typeof metres === 'number' ? { text: metres >= 1000 ? m.proof_kilometres({ count: number(metres / 1000, 1) }) : m.proof_metres({ count: number(metres) }), odd: metres > PROOF_FAR } : { text: m.proof_nowhere(), odd: false };
  const then = typeof taken === 'number' ? { text: taken < received ? m.proof_before({ when: when(taken) }) : m.proof_taken({ when: when(taken) }), odd: taken < received } : { text: m.proof_no_time(), odd: false };
  return [there, then];
}
