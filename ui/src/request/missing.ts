// What the category wants and is not there yet. It is said, and never keeps anybody from sending.
import { m } from '$ui/paraglide/messages';
import type { Category } from '$ui/wire/Category';
import type { Fix } from '$ui/wire/Fix';
import type { Kind } from '$ui/wire/Kind';

export function missing(kind: Kind, category: Category | undefined, photos: number, fix: Fix | null): Array<() => string> {
  // Views and suggestions of a neighbourhood need neither.
  if (!category || kind === 'opinion' || kind === 'suggestion') return [];
  const wanted: Array<() => string> = [];
  if (category.photo === 'required' && photos === 0) wanted.push(m.missing_photo);
  if (category.location === 'required' && fix === null) wanted.push(m.missing_place);
  return wanted;
}
