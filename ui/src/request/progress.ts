// How far a request is on its way, in one sentence: words and photos travel apart.
import { m } from '$ui/paraglide/messages';
import type { Row } from '$ui/wire/Row';
import type { Transport } from '$ui/wire/Transport';
import { transportWord } from './words';

export function way(row: Row): { transport: Transport; text: string } {
  const { transport, photos, photos_delivered } = row;
  const left = photos - photos_delivered;
  if (transport === 'delivered' && left > 0) {
    return { transport: 'sending', text: m.way_photos({ sent: photos_delivered, all: photos }) };
  }
  return { transport, text: transportWord(transport) };
}
