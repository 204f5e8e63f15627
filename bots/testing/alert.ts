import type { AlertRow } from '../src/core/alerts/alert-row.ts';

/** An alert as the database gives it. */
export function alertWith(more: Partial<AlertRow> & Pick<AlertRow, 'id'>): AlertRow {
  return {
    created_at: '2026-11-22T12:00:00+00:00',
    last_at: '2026-11-22T12:00:00.000001+00:00',
    type: 'agent_error',
    severity: 'error',
    title: more.id,
    body: null,
    subject: null,
    entity_type: null,
    entity_id: null,
    actor_agent_id: null,
    dedup_key: more.id,
    occurrences: 1,
    read_at: null,
    seen_by: null,
    dismissed_at: null,
    resolved_at: null,
    muted: false,
    muted_by: null,
    muted_until: null,
    meta: {},
    ...more,
  };
}
