import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents, readCommands } from '@hq/shared/queries';
import { type AgentRow, isFinished } from '@hq/shared/rows';
import type { Console } from '../cli/output/console.ts';
import { followCommand } from '../cli/waiting/follow-command.ts';
import { changesSince } from './changes.ts';
import type { ControlConnection } from './control-connection.ts';
import { type ImportedAgent, type ImportRecord, writeRecord } from './record.ts';

export interface UndoJob {
  readonly console: Console;
  readonly client: HqClient;
  /** Connects to the gateway; called only where files wait there without an agent. */
  readonly control: () => Promise<ControlConnection>;
  readonly recordPath: string;
  readonly onStep: (step: string) => void;
}

/** An agent of the record as HQ has it now; null where it has none. */
export interface PresentAgent {
  readonly imported: ImportedAgent;
  readonly row: AgentRow | null;
}

const removalMs = 600_000;

export async function findPresent(client: HqClient, record: ImportRecord): Promise<readonly PresentAgent[]> {
  const rows = await readAgents(client);
  const commands = record.agents.some(({ agentId }) => agentId === null)
    ? await readCommands(client, { gatewayId: record.gatewayId })
    : [];
  return record.agents.map((imported) => {
    // A run that was stopped before HQ had answered.
    const command = commands.find(({ payload }) => payload.import_id === imported.importId);
    const agentId = imported.agentId ?? command?.agent_id ?? null;
    return { imported, row: rows.find(({ id }) => id === agentId) ?? null };
  });
}

/** Returns what changed since the import in all agents that are still there, in words. */
export async function findChanges(
  client: HqClient,
  { gatewayId }: ImportRecord,
  present: readonly PresentAgent[],
): Promise<readonly string[]> {
  const changes: string[] = [];
  for (const { imported, row } of present) {
    if (row !== null) changes.push(...(await changesSince(client, gatewayId, imported, row)));
  }
  return changes;
}

/** Removes the agents with their secrets, and files that wait at the gateway. A run that was stopped goes on. */
export async function undoImport(
  job: UndoJob,
  begun: ImportRecord,
  present: readonly PresentAgent[],
): Promise<readonly { readonly slug: string; readonly archived: string | null }[]> {
  const removed: { slug: string; archived: string | null }[] = [];
  let record = begun;
  for (const { imported, row } of present) {
    const { slug, source } = imported;
    if (row === null) {
      if (imported.agentId === null) {
        job.onStep(`${slug}: removing its files that wait at the gateway`);
        await (await job.control()).dropFiles(imported.importId);
      }
    } else {
      job.onStep(`${slug}: removing it`);
      removed.push({ slug, archived: await removeAgent(job, row) });
    }
    record = { ...record, agents: record.agents.filter((one) => one.source !== source) };
    await writeRecord(job.recordPath, record);
  }
  return removed;
}

async function removeAgent({ console, client }: UndoJob, row: AgentRow): Promise<string | null> {
  const commandId = await removalOf(client, row);
  const { status, error_message, result } = await followCommand(console, client, commandId, removalMs);
  if (status !== 'done') {
    throw new HqError('failed', `${row.slug} is not removed: ${error_message ?? status}`, {
      hint: 'Repair that and run unimport again: it goes on.',
    });
  }
  const archived =
    typeof result === 'object' && result !== null && 'archived' in result ? result.archived : null;
  return typeof archived === 'string' ? archived : null;
}

/** Returns the command of a run that was stopped, if it is not over; else a new one. */
async function removalOf(client: HqClient, row: AgentRow): Promise<string> {
  const commands = await readCommands(client, { agentId: row.id });
  const begun = commands.find((command) => command.action === 'remove' && !isFinished(command));
  if (begun !== undefined) return begun.id;
  return (await client.enqueue({ action: 'remove', agent: row.id, origin: 'cli' })).command.id;
}
