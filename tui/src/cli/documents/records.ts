import type { AuditRow, NotificationRow } from '@hq/shared/rows';

export function alertDocument(alert: NotificationRow) {
  return {
    id: alert.id,
    type: alert.type,
    title: alert.title,
    body: alert.body,
    createdAt: alert.created_at,
    readAt: alert.read_at,
    dismissedAt: alert.dismissed_at,
    resolvedAt: alert.resolved_at,
    entityType: alert.entity_type,
    entityId: alert.entity_id,
  };
}

export function auditDocument(line: AuditRow) {
  return {
    id: line.id,
    createdAt: line.created_at,
    actorType: line.actor_type,
    actorUserId: line.actor_user_id,
    actorAgentId: line.actor_agent_id,
    module: line.module,
    action: line.action,
    entityType: line.entity_type,
    entityId: line.entity_id,
    summary: line.summary,
  };
}
