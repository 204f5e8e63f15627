import { createHash } from 'node:crypto';
import type { Inbound } from '../../contract/inbound.ts';

/**
 * The delivery's name with a mark of what it says. A platform that delivers again says the same; one that begins to
 * count anew, as a server of one's own does, says something else under an old name, and is not taken for a repetition.
 */
export function deliveryKey({ deliveryId, user, channel, input }: Inbound): string {
  const mark = createHash('sha256').update(JSON.stringify([user, channel, input]));
  return `${deliveryId}:${mark.digest('hex').slice(0, 16)}`;
}
