import { hostname } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import { readDatabase, rowsOf } from './read-database.ts';

/** A job of OpenClaw's cron that wakes an agent. */
export interface CronJob {
  readonly id: string;
  /** Null for the agent that has everything that names none. */
  readonly agent: string | null;
  readonly name: string;
  readonly enabled: boolean;
  readonly schedule: CronSchedule;
  readonly message: string;
}

const schedule = z.union([
  z.object({ kind: z.literal('cron'), expr: z.string(), tz: z.string().nullish() }),
  z.object({ kind: z.literal('every'), everyMs: z.number() }),
  z.object({
    kind: z.literal('at'),
    at: z.union([z.string(), z.number()]).optional(),
    atMs: z.number().optional(),
  }),
]);
type CronSchedule = z.output<typeof schedule>;

const job = z.object({
  agentId: z.string().nullish(),
  name: z.string(),
  enabled: z.boolean().default(true),
  declarationKey: z.string().nullish(),
  schedule,
  payload: z.union([
    z.object({ kind: z.literal('agentTurn'), message: z.string() }),
    z.object({ kind: z.literal('systemEvent'), text: z.string() }),
  ]),
});

const lease = z.object({ owner: z.object({ pid: z.int(), host: z.string() }) });

/** People who were approved on an account of a channel. */
export interface ApprovedPerson {
  readonly channel: string;
  readonly account: string;
  readonly id: string;
}

export interface HomeState {
  readonly schema: number;
  /** The OpenClaw that runs on the home; null if none does. */
  readonly running: { readonly pid: number; readonly host: string } | null;
  readonly cronJobs: readonly CronJob[];
  /** Names of jobs that HQ cannot describe. */
  readonly otherJobs: readonly string[];
  readonly approved: readonly ApprovedPerson[];
}

const empty: HomeState = { schema: 0, running: null, cronJobs: [], otherJobs: [], approved: [] };

export async function readState(path: string): Promise<HomeState> {
  return (await readDatabase(path, stateOf)) ?? empty;
}

function stateOf(database: DatabaseSync): HomeState {
  const cronJobs: CronJob[] = [];
  const otherJobs: string[] = [];
  for (const row of rowsOf(database, 'cron_jobs', 'job_id, name, job_json')) {
    const { data } = job.safeParse(parseJson(String(row.job_json)));
    // OpenClaw declares jobs of its own, such as heartbeats.
    if (data === undefined) {
      if (!/"declarationKey":"|"kind":"heartbeat"/.test(String(row.job_json)))
        otherJobs.push(String(row.name));
    } else if (typeof data.declarationKey !== 'string') {
      const { agentId = null, name, enabled, schedule: when, payload } = data;
      const message = payload.kind === 'agentTurn' ? payload.message : payload.text;
      cronJobs.push({ id: String(row.job_id), agent: agentId, name, enabled, schedule: when, message });
    }
  }
  return {
    schema: schemaOf(database),
    running: runningIn(database),
    cronJobs,
    otherJobs,
    approved: rowsOf(database, 'channel_pairing_allow_entries', 'channel_key, account_id, entry').map(
      ({ channel_key, account_id, entry }) => ({
        channel: String(channel_key),
        account: String(account_id),
        id: String(entry),
      }),
    ),
  };
}

export function schemaOf(database: DatabaseSync): number {
  return Number(database.prepare('pragma user_version').get()?.user_version ?? 0);
}

/** A killed OpenClaw leaves its lease for some minutes: its process tells. */
function runningIn(database: DatabaseSync): HomeState['running'] {
  for (const row of rowsOf(database, 'state_leases', 'scope, expires_at, payload_json')) {
    if (row.scope !== 'gateway-owner' || Number(row.expires_at) < Date.now()) continue;
    const { data } = lease.safeParse(parseJson(String(row.payload_json)));
    if (data === undefined) continue;
    const { pid, host } = data.owner;
    if (host !== hostname() || isAlive(pid)) return { pid, host };
  }
  return null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
