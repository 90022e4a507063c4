// Which words of a text do not stand in the other one: two versions are read faster when what differs
// is underlined. Nothing is ever put together from it; a person chooses.
export interface Piece {
  text: string;
  differs: boolean;
}

/** Longer texts are shown without marks: comparing them word by word would cost more than it helps. */
const MAX_WORDS = 1200;

export function marked(text: string, other: string): Piece[] {
  const a = split(text);
  const b = split(other);
  if (a.length > MAX_WORDS || b.length > MAX_WORDS) return [{ text, differs: false }];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pieces: Piece[] = [];
  const push = (word: string, differs: boolean) => {
    const last = pieces.at(-1);
    if (last && last.differs === differs) last.text += word;
    else pieces.push({ text: word, differs });
  };
  let i = 0;
  let j = 0;
  while (i < a.length) {
    const word = a[i] as string;
    if (word === b[j]) {
      push(word, false);
      i++;
      j++;
    } else if (j < b.length && at(i, j + 1) > at(i + 1, j)) {
      j++;
    } else {
      push(word, word.trim() !== '');
      i++;
    }
  }
  return joined(pieces);
}

/** A space between two differing words differs with them: one underline, not many. */
function joined(pieces: Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const [n, piece] of pieces.entries()) {
    const differs = piece.differs || (piece.text.trim() === '' && pieces[n - 1]?.differs === true && pieces[n + 1]?.differs === true);
    const last = result.at(-1);
    if (last?.differs === differs) last.text += piece.text;
    else result.push({ text: piece.text, differs });
  }
  return result;
}

/** Words and the spaces between them, each a piece, so that joining gives the text back. */
const split = (text: string): string[] => text.match(/\s+|[^\s]+/g) ?? [];
