import type { ServiceStatus } from '@hq/shared/actions';
import { z } from 'zod';
import type { Confinement } from './agents/confinement.ts';
import type { StreamName } from './output.ts';
import type { SecretsState } from './secrets/state.ts';

/** One request of the sync loop: everything that waits to be sent, and how many commands may start. */
export interface ExchangeRequest {
  readonly claim: number;
  readonly leaseSeconds: number;
  readonly renew: readonly string[];
  readonly output: readonly { token: string; seq: number; stream: StreamName; text: string }[];
  readonly progress: readonly { token: string; percent: number | null; note: string | null }[];
  readonly results: readonly CommandResult[];
  readonly heartbeat: Heartbeat | null;
}

export interface CommandResult {
  readonly token: string;
  /** `pending` releases a command that did not run. */
  readonly status: 'done' | 'failed' | 'cancelled' | 'pending';
  readonly exit_code: number | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly error_message: string | null;
  readonly result: unknown;
}

/** Leaves out the parts that did not change since the last heartbeat that was stored. */
export interface Heartbeat {
  readonly services?: readonly ServiceStatus[] | undefined;
  readonly version?: string | undefined;
  readonly runner?: string | undefined;
  readonly secrets?: SecretsState | undefined;
  readonly confinement?: Confinement | undefined;
  /** Problem of the runner itself, such as a log that cannot be written; null when there is none. */
  readonly problem?: string | null | undefined;
  /** Problem that the gateway reports of itself, such as starts that keep ending. */
  readonly gateway_problem?: string | null | undefined;
}

const claimedCommand = z.object({
  id: z.string(),
  action: z.string(),
  payload: z.unknown(),
  agent_id: z.string().nullable(),
  agent_slug: z.string().nullable(),
  attempt: z.number(),
  lease_token: z.string(),
  lease_seconds: z.number().positive(),
  timeout_seconds: z.number().positive(),
  created_at: z.string(),
  requested_by: z.string().nullable(),
  origin: z.string().nullable(),
});
export type ClaimedCommand = z.output<typeof claimedCommand>;

export const exchangeResponse = z.object({
  now: z.string(),
  /** Null when the gateway no longer exists. */
  gateway_status: z.string().nullable(),
  claimed: z.array(claimedCommand),
  cancel: z.array(z.string()),
  lost: z.array(z.string()),
  /** Milliseconds until the lease of another runner of this gateway expires and its command can be claimed. */
  sweep_in_ms: z.number().nullable().default(null),
  /** Grows with every change that may change a file of this gateway's secrets. */
  secrets_version: z.number().nullish(),
  /** Grows with every change of an agent of this gateway. */
  agents_version: z.number().nullish(),
  /** Grows with every change that may wake an agent of this gateway, or end its turn. */
  dispatch_version: z.number().nullish(),
});
export type ExchangeResponse = z.output<typeof exchangeResponse>;
