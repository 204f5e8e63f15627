import type { AgentSettings, DesiredAgent } from './config/desired-config.ts';
import type { OpenClaw } from './openclaw-calls.ts';
import { type AgentRecord, agentRecords } from './records/agent-record.ts';
import { type ConfigSecrets, openConfigSecrets } from './records/config-secrets.ts';
import type { PrivateJsonFiles } from './records/private-json-files.ts';
import { type ProvisionRecord, provisionRecords } from './records/provision-record.ts';

export interface AgentsOptions {
  readonly stateDirectory: string;
  /** HOME of OpenClaw, which moves the data of removed agents to the trash in it. */
  readonly home: string;
  /** Returns the connection. Throws `unreachable` while OpenClaw is not ready. */
  readonly openclaw: () => OpenClaw;
  /** Returns the settings that confine agents on this host. */
  readonly settings: () => Promise<AgentSettings>;
  /** Aborts when the gateway stops. */
  readonly closed: AbortSignal;
  /** Receives the fault of a change that no request waits for. */
  readonly onFault: (error: unknown) => void;
  /** Most agents on this gateway; 20 by default. */
  readonly mostAgents?: number;
  /** Longest time that a request waits for an idle moment, in milliseconds. */
  readonly idleWaitMs?: number;
}

/** State and settings that the operations on agents share. */
export interface AgentsContext extends Required<AgentsOptions> {
  readonly agentRecords: PrivateJsonFiles<AgentRecord>;
  readonly provisionRecords: PrivateJsonFiles<ProvisionRecord>;
  readonly secrets: ConfigSecrets;
  /** Agents of the last `PUT /agents`, by their ids: their tokens are nowhere else. */
  readonly wanted: Map<string, DesiredAgent>;
  /** Runs one change at a time. */
  readonly exclusive: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** Reports what is done now. A test stops the work by throwing here. */
export type OnProgress = (progress: string) => void;

const mostAgents = 20;
const idleWaitMs = 300_000;

export async function openContext(options: AgentsOptions): Promise<AgentsContext> {
  const { stateDirectory } = options;
  let last: Promise<unknown> = Promise.resolve();
  return {
    mostAgents,
    idleWaitMs,
    ...options,
    agentRecords: agentRecords(stateDirectory),
    provisionRecords: provisionRecords(stateDirectory),
    secrets: await openConfigSecrets(stateDirectory),
    wanted: new Map(),
    exclusive: (work) => {
      const result = last.then(work);
      // The next one begins after a failure, too; the caller of this one sees it.
      last = result.catch(() => undefined);
      return result;
    },
  };
}

/** Returns the ids of the agents that HQ made and their records: those that are there, and those that go. */
export async function ownAgents(context: AgentsContext): Promise<ReadonlyMap<string, ProvisionRecord>> {
  const records = new Map<string, ProvisionRecord>();
  for (const id of await context.provisionRecords.ids()) {
    const record = await context.provisionRecords.read(id);
    if (record !== undefined) records.set(id, record);
  }
  return records;
}
