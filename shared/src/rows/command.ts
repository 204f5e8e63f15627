import { z } from 'zod';

export const commandStatuses = ['pending', 'leased', 'running', 'done', 'failed', 'cancelled'] as const;
export type CommandStatus = (typeof commandStatuses)[number];

const commandProgress = z.object({ percent: z.number().nullable(), note: z.string().nullable() });

/** A command without its output, which has a table of its own because it is large. */
export const commandRow = z.object({
  id: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  gateway_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  agent_slug: z.string().nullable(),
  /** Any action of the database, known to this program or not. */
  action: z.string(),
  payload: z.record(z.string(), z.unknown()).catch({}),
  status: z.enum(commandStatuses),
  leased_until: z.string().nullable(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
  exit_code: z.number().nullable(),
  error_message: z.string().nullable(),
  requested_by: z.string().nullable(),
  origin: z.string().nullable(),
  runner_id: z.string().nullable(),
  attempt: z.number(),
  progress: commandProgress.nullable().catch(null),
  result: z.unknown(),
  cancel_requested_at: z.string().nullable(),
});
export type CommandRow = z.output<typeof commandRow>;

const finished = new Set<CommandStatus>(['done', 'failed', 'cancelled']);

export function isFinished(command: Pick<CommandRow, 'status'>): boolean {
  return finished.has(command.status);
}
