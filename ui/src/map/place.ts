import { m } from '$ui/paraglide/messages';
import type { Place } from '$ui/wire/Place';

/** Where a point lies, as one says it: neighbourhood and district, or what is nearest. */
export function placeWords(place: Place): string {
  const { neighbourhood_name: name, district_name: district, nearest_name: nearest } = place;
  if (name && district) return m.place_name({ name, district });
  if (name) return m.place_neighbourhood({ name });
  if (nearest) return m.place_near({ name: nearest });
  return district ?? m.place_unknown();
}
