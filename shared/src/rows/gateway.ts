import { z } from 'zod';
import { serviceStatus } from '../actions/index.ts';

/** The database stores no nulls of a heartbeat: a null of the runner is absent here. */
const service = serviceStatus.extend({
  startedAt: z.string().nullable().default(null),
  version: z.string().nullable().default(null),
});

/** The runner's keys by fingerprint, and the state of its secret files compared with the rows. */
const secretsReport = z.object({
  keys: z.array(z.string()),
  state: z.enum(['ok', 'stale', 'error']),
  problem: z.string().nullish(),
  synced_at: z.string().nullish(),
});

/** The jail of agents on this host: which of its parts are there, and what to do about the others. */
const confinement = z.object({
  exec: z.boolean(),
  browser: z.boolean(),
  findings: z.array(z.object({ isThere: z.boolean(), sentence: z.string(), remedy: z.string().nullish() })),
});

/** The report of a heartbeat. A malformed part is left out, so that no client fails over it. */
const gatewayMeta = z
  .object({
    services: z.array(service).optional().catch(undefined),
    version: z.string().optional().catch(undefined),
    runner: z.string().optional().catch(undefined),
    networking_mode: z.string().optional().catch(undefined),
    secrets: secretsReport.optional().catch(undefined),
    confinement: confinement.nullish().catch(undefined),
    /** Most agents that it takes; 20 where nobody said another number. */
    max_agents: z.number().optional().catch(undefined),
    /** Problem of the runner itself, such as a full disk under its log. */
    problem: z.string().nullish().catch(undefined),
    /** Problem that the gateway reports of itself, such as starts that keep ending. */
    gateway_problem: z.string().nullish().catch(undefined),
  })
  .catch({});

export const gatewayStatuses = ['provisioning', 'ready', 'error', 'hibernating', 'paused'] as const;

export const gatewayRow = z.object({
  id: z.string(),
  slug: z.string(),
  label: z.string().nullable(),
  status: z.enum(gatewayStatuses),
  last_seen_at: z.string().nullable(),
  meta: gatewayMeta,
  created_at: z.string(),
  updated_at: z.string(),
});
export type GatewayRow = z.output<typeof gatewayRow>;
