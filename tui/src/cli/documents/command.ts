import { describeResult } from '@hq/shared/actions';
import { isRunnerLost } from '@hq/shared/fleet';
import type { CommandRow } from '@hq/shared/rows';
import { type Slugs, slugOf } from './slugs.ts';

export function commandDocument(command: CommandRow, slugs: Slugs, now: number) {
  return {
    id: command.id,
    action: command.action,
    status: command.status,
    gateway: slugOf(command.gateway_id, slugs),
    gatewayId: command.gateway_id,
    agent: command.agent_slug,
    payload: command.payload,
    origin: command.origin,
    requestedBy: command.requested_by,
    attempt: command.attempt,
    createdAt: command.created_at,
    startedAt: command.started_at,
    completedAt: command.completed_at,
    cancelRequestedAt: command.cancel_requested_at,
    runnerLost: isRunnerLost(command, now),
    progress: command.progress,
    exitCode: command.exit_code,
    errorMessage: command.error_message,
    result: command.result ?? null,
    outcome: command.status === 'done' ? describeResult(command.action, command.result) : null,
  };
}
