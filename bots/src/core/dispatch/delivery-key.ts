import { createHash } from 'node:crypto';
import type { Inbound } from '../../contract/inbound.ts';

/**
 * The delivery's id with a hash of its content. A repeated delivery has the same content. A platform that restarts its
 * counter, as a self-hosted server does, reuses ids with other content, which is no repetition.
 */
export function deliveryKey({ deliveryId, isOneMessage, user, channel, input }: Inbound): string {
  if (isOneMessage === true) return deliveryId;
  const mark = createHash('sha256').update(JSON.stringify([user, channel, input]));
  return `${deliveryId}:${mark.digest('hex').slice(0, 16)}`;
}
