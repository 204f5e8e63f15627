import { describeResult } from '@hq/shared/actions';
import { isRunnerLost } from '@hq/shared/fleet';
import type { CommandRow } from '@hq/shared/rows';
import { type DocumentContext, fieldsOf, slugOf } from './document.ts';

export function commandDocument(
  command: CommandRow,
  { gateways, now }: Pick<DocumentContext, 'gateways' | 'now'>,
) {
  const request = ['id', 'action', 'status', 'gateway_id', 'payload', 'origin', 'requested_by'] as const;
  const times = ['created_at', 'started_at', 'completed_at', 'cancel_requested_at'] as const;
  return {
    ...fieldsOf(command, [...request, 'attempt', ...times, 'progress', 'exit_code', 'error_message']),
    gateway: slugOf(command.gateway_id, gateways),
    agent: command.agent_slug,
    runnerLost: isRunnerLost(command, now),
    result: command.result ?? null,
    outcome: command.status === 'done' ? describeResult(command.action, command.result) : null,
  };
}
