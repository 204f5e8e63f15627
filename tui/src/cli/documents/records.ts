import type { Member } from '@hq/shared/client';
import type { AuditRow, NeedRow, NotificationRow, PairingRow } from '@hq/shared/rows';
import { type DocumentContext, fieldsOf, slugOf } from './document.ts';

export function alertDocument(alert: NotificationRow) {
  const times = ['created_at', 'read_at', 'dismissed_at', 'resolved_at'] as const;
  return fieldsOf(alert, ['id', 'type', 'title', 'body', ...times, 'entity_type', 'entity_id']);
}

export function pairingDocument(pairing: PairingRow, { gateways, agents }: DocumentContext) {
  const who = ['channel', 'account', 'sender', 'sender_name', 'code'] as const;
  const own = fieldsOf(pairing, [
    'id',
    'status',
    ...who,
    'created_at',
    'expires_at',
    'gateway_id',
    'agent_id',
  ]);
  return { ...own, gateway: slugOf(pairing.gateway_id, gateways), agent: slugOf(pairing.agent_id, agents) };
}

export function needDocument(need: NeedRow) {
  const answer = ['choices', 'free_text', 'actions'] as const;
  return fieldsOf(need, ['id', 'kind', 'agent', 'title', 'detail', 'since', 'expires_at', ...answer]);
}

export function auditDocument(line: AuditRow) {
  const actor = ['actor_type', 'actor_user_id', 'actor_agent_id'] as const;
  const subject = ['entity_type', 'entity_id', 'summary'] as const;
  return fieldsOf(line, ['id', 'created_at', ...actor, 'module', 'action', ...subject]);
}

export function memberDocument(member: Member, host: string) {
  return { host, ...fieldsOf(member, ['user_id', 'email', 'role', 'tenant_id', 'tenant_name']) };
}
