// Places in words that were kept, filled in with what a request says.
import type { DeskCategory } from '$ui/wire/DeskCategory';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import { fullDay } from './when';
import { categoryName } from './words';

/** Places to be filled in, as people write them. */
export const placeholders = ['no', 'yer', 'konu', 'birim', 'tarih'] as const;

/** The words with everything filled in that the request tells; what it does not tell stays, to be seen. */
export function filled(body: string, request: DeskRequest, categories: DeskCategory[], now = Date.now()): string {
  const { row } = request;
  const known: Record<(typeof placeholders)[number], string> = {
    no: row.no, yer: row.place, konu: row.category ? categoryName(categories, row.category) : '', birim: row.unit?.name ?? '', tarih: fullDay(now),
  };
  return body.replace(/\{(\p{L}+)\}/gu, (whole, name: string) => (Object.hasOwn(known, name) ? known[name as keyof typeof known] : '') || whole);
}

/** The first place that was not filled in. */
export const unfilled = (text: string): string | null => /\{\p{L}[\p{L} ]{0,40}\}/u.exec(text)?.[0] ?? null;
