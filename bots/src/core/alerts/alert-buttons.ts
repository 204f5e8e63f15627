import { z } from 'zod';
import { type AlertButtonOffer, offerButton as offer } from './alert-button-offer.ts';
import { type AlertRow, isClosed } from './alert-row.ts';
import { questionOffers } from './question-buttons.ts';

export function alertButtonOffers(alerts: readonly AlertRow[]): AlertButtonOffer[] {
  const open = alerts.filter((alert) => !isClosed(alert));
  const [only] = alerts;
  if (open.length === 0 || only === undefined) return [];
  const isSeen = open.every(({ read_at }) => read_at !== null);
  if (alerts.length > 1) {
    return [
      // The buttons of one question have no place beside those of another.
      ...(open.some(({ type }) => type === 'agent_question')
        ? [offer('What needs you', 'next', { run: 'needs' })]
        : []),
      ...(isSeen ? [] : [offer('Acknowledge all', 'alert_seen', { alerts: idsOf(alerts) })]),
    ];
  }
  const gateway = gatewayIdOf(only);
  return [
    ...questionOffers(only),
    ...pairingOffer(only, gateway),
    ...(isSeen ? [] : [offer('Acknowledge', 'alert_seen', { alerts: only.id })]),
    ...(only.muted ? [] : [offer('Mute for 1 h', 'alert_mute', { alert: only.id, minutes: '60' })]),
    ...(only.entity_type === 'agent_command' && only.entity_id !== null
      ? [offer('Retry', 'retry', { command: only.entity_id })]
      : []),
    ...(gateway === null ? [] : [offer('Open logs', 'logs_of', { gateway })]),
  ];
}

const pairing = z.object({ channel: z.string() });

/** A button that lets a person write to an agent. */
function pairingOffer({ type, meta, entity_id: id }: AlertRow, gateway: string | null): AlertButtonOffer[] {
  const { data } = pairing.safeParse(meta);
  if (type !== 'pairing_requested' || data === undefined || id === null || gateway === null) return [];
  return [offer('Approve', 'approve_sender', { pairing_code: id, channel: data.channel, gateway })];
}

function idsOf(alerts: readonly AlertRow[]): string {
  return alerts.map(({ id }) => id).join(',');
}

function gatewayIdOf(row: AlertRow): string | null {
  if (typeof row.meta.gateway_id === 'string') return row.meta.gateway_id;
  if (row.entity_type === 'gateway') return row.entity_id;
  return /^gateway:(.+)$/.exec(row.subject ?? '')?.[1] ?? null;
}
