// Folding for search on the screen (categories). The core folds requests the same way.
const LETTERS: Record<string, string> = { ı: 'i', ş: 's', ğ: 'g', ç: 'c', ö: 'o', ü: 'u', â: 'a', î: 'i', û: 'u' };

export function fold(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[Iİ]/g, 'i')
    .toLowerCase()
    .replace(/[ışğçöüâîû]/g, (letter) => LETTERS[letter] ?? letter);
}

/** As one writes without Turkish letters, capitals kept: `Iğdır` is `Igdir`. */
export const ascii = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').replace(/ı/g, 'i');

/** Without a last letter that becomes soft before endings: `salincak` finds `salincagin`. */
const stem = (word: string): string => (word.length >= 5 ? word.replace(/[kpt]$/, '') : word);

/** Whether every word of the query begins some word of the text, or stands inside one. */
export function matches(text: string, query: string): boolean {
  const folded = fold(text);
  return fold(query).split(/\s+/).every((word) => folded.includes(stem(word)));
}
