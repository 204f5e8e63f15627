import type { CommandRow } from '@hq/shared/rows';

/** A command that was last updated at that second. */
export function commandAt(second: number, changes: Partial<CommandRow>): CommandRow {
  return {
    id: '5f0c6f0e-7f0e-4d3a-9b55-3f9d5b1c2a10',
    created_at: '2026-01-01T00:00:00Z',
    updated_at: `2026-01-01T00:00:0${second}Z`,
    gateway_id: null,
    agent_id: null,
    agent_slug: null,
    action: 'ping',
    payload: {},
    status: 'pending',
    leased_until: null,
    started_at: null,
    completed_at: null,
    exit_code: null,
    error_message: null,
    requested_by: null,
    origin: 'slack',
    runner_id: null,
    attempt: 0,
    progress: null,
    result: null,
    cancel_requested_at: null,
    ...changes,
  };
}
