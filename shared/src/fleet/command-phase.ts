import type { CommandRow } from '../rows/index.ts';

/** A command's status for display. It adds `retrying`, `starting` and `cancelling` to the statuses of the row. */
export type CommandPhase =
  | 'pending'
  | 'retrying'
  | 'starting'
  | 'running'
  | 'cancelling'
  | 'done'
  | 'failed'
  | 'cancelled';

export function commandPhase({
  status,
  attempt,
  cancel_requested_at,
}: Pick<CommandRow, 'status' | 'attempt' | 'cancel_requested_at'>): CommandPhase {
  switch (status) {
    case 'pending':
      if (cancel_requested_at !== null) return 'cancelling';
      return attempt > 0 ? 'retrying' : 'pending';
    case 'leased':
      return cancel_requested_at === null ? 'starting' : 'cancelling';
    case 'running':
      return cancel_requested_at === null ? 'running' : 'cancelling';
    default:
      return status;
  }
}

/** Milliseconds that a command took, or has been running by `databaseNow`; null before its start. */
export function runTimeMs(
  command: Pick<CommandRow, 'started_at' | 'completed_at'>,
  databaseNow: number,
): number | null {
  const start = Date.parse(command.started_at ?? '');
  const end = command.completed_at === null ? databaseNow : Date.parse(command.completed_at);
  return Number.isNaN(end - start) ? null : end - start;
}
