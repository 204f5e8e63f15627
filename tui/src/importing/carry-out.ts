import { randomUUID } from 'node:crypto';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents } from '@hq/shared/queries';
import type { AgentRow } from '@hq/shared/rows';
import { counted } from '@hq/shared/text';
import type { Console } from '../cli/output/console.ts';
import { followCommand } from '../cli/waiting/follow-command.ts';
import { readWorkspace } from '../openclaw-home/workspace-files.ts';
import { writeSecret } from '../secrets/write-secret.ts';
import { adoptJobs } from './adopt-jobs.ts';
import { rowFields } from './changes.ts';
import type { ControlConnection } from './control-connection.ts';
import { agentsToImport, type ImportPlan } from './plan.ts';
import { secretsOf } from './print-plan.ts';
import { provisionPayload } from './provision-payload.ts';
import { type ImportedAgent, type ImportRecord, writeRecord } from './record.ts';

export interface ImportJob {
  readonly console: Console;
  readonly client: HqClient;
  readonly control: ControlConnection;
  readonly plan: ImportPlan;
  readonly recordPath: string;
  /** True to adopt the jobs of cron, too. */
  readonly withCron: boolean;
  /** Called before each step, in words. A test stops the import by throwing here. */
  readonly onStep: (step: string) => void;
}

type PlannedOne = ReturnType<typeof agentsToImport>[number];

const readyMs = 600_000;

/**
 * Makes the agents of a plan: files to the gateway, the row by `provision`, then the secrets. Each step is written down
 * before it begins, so that a run that was stopped is completed by the next one. Returns the record.
 */
export async function carryOut(job: ImportJob, begun: ImportRecord): Promise<ImportRecord> {
  let record = begun;
  const note = async (imported: ImportedAgent): Promise<void> => {
    const others = record.agents.filter(({ source }) => source !== imported.source);
    record = { ...record, agents: [...others, imported] };
    await writeRecord(job.recordPath, record);
  };
  const made: ImportedAgent[] = [];
  for (const planned of agentsToImport(job.plan)) {
    const earlier = record.agents.find(
      ({ source }) => source === planned.agent.id && planned.outcome === 'continue',
    );
    const imported = await makeAgent(job, planned, earlier, note);
    made.push(await storeSecrets(job, planned, imported, note));
  }
  for (const imported of made) {
    job.onStep(`${imported.slug}: waiting until it is ready`);
    const row = await whenReady(job, imported);
    // A run that was stopped may have sent the files a second time.
    await job.control.dropFiles(imported.importId);
    await note({ ...imported, row: rowFields(row) });
    job.console.say(`${imported.slug} is ready`);
  }
  if (job.withCron) await adoptJobs(job, record, note);
  return record;
}

async function makeAgent(
  { client, control, plan, onStep }: ImportJob,
  { agent, slug }: PlannedOne,
  earlier: ImportedAgent | undefined,
  note: (imported: ImportedAgent) => Promise<void>,
): Promise<ImportedAgent> {
  const begun: ImportedAgent = earlier ?? newAgent(agent.id, slug);
  if (begun.commandId !== null) return begun;
  await note(begun);
  onStep(`${slug}: sending ${counted(agent.files.files.length, 'file')} to the gateway`);
  await control.sendFiles(begun.importId, readWorkspace(agent.files));
  onStep(`${slug}: adding it to HQ`);
  const { command } = await client.enqueue({
    action: 'provision',
    payload: provisionPayload(agent, slug, begun.importId, plan.isWithoutChannels),
    gateway: plan.gateway.id,
    idempotencyKey: `import:${begun.importId}`,
    origin: 'cli',
  });
  onStep(`${slug}: it is in HQ`);
  const imported = { ...begun, agentId: command.agent_id, commandId: command.id };
  await note(imported);
  return imported;
}

function newAgent(source: string, slug: string): ImportedAgent {
  const importId = randomUUID();
  return { source, slug, importId, agentId: null, commandId: null, row: null, secrets: [], cronJobs: [] };
}

/** Stores the secrets at once: the runner reads them when it makes the agent. */
async function storeSecrets(
  { console, client, plan, onStep }: ImportJob,
  { agent, slug }: PlannedOne,
  begun: ImportedAgent,
  note: (imported: ImportedAgent) => Promise<void>,
): Promise<ImportedAgent> {
  let imported = begun;
  for (const [key, value] of secretsOf(agent, plan.isWithoutChannels)) {
    if (imported.secrets.some((stored) => stored.key === key)) continue;
    onStep(`${slug}: storing ${key}`);
    const draft = { key, value, gateway: plan.gateway, agent: imported.agentId };
    const { secret } = await writeSecret(client, console.env, draft, 'cli');
    const { id, revision } = secret;
    imported = { ...imported, secrets: [...imported.secrets, { id, key, revision }] };
    await note(imported);
  }
  return imported;
}

/** Waits for the command. One that ran before the secrets were there is repaired by an update. */
async function whenReady(
  { console, client }: ImportJob,
  { slug, agentId, importId, commandId }: ImportedAgent,
): Promise<AgentRow> {
  const provisioned = await followCommand(console, client, commandId ?? '', readyMs);
  const row = await agentRow(client, slug, agentId);
  if (provisioned.status === 'done' && row.status !== 'error') return row;
  const { command } = await client.enqueue({
    action: 'update',
    agent: row.id,
    idempotencyKey: `import:${importId}:update:${provisioned.id}:${row.updated_at}`,
    origin: 'cli',
  });
  const updated = await followCommand(console, client, command.id, readyMs);
  if (updated.status === 'done') return await agentRow(client, slug, agentId);
  throw new HqError('failed', `${slug} is not ready: ${updated.error_message ?? updated.status}`, {
    hint: 'Repair that and run the import again: it goes on. `hq-tui gateways unimport` takes it back.',
  });
}

async function agentRow(client: HqClient, slug: string, agentId: string | null): Promise<AgentRow> {
  const [row] = await readAgents(client, { slug });
  if (row !== undefined && row.id === agentId) return row;
  throw new HqError('conflict', `The agent ${slug} was removed while it was imported.`, {
    hint: 'Run the import again.',
  });
}
