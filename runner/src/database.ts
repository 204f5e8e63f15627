import type { ProxyEnv } from 'node:http';
import type { AgentConditions } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import { listedAgents } from './agents/listed-agent.ts';
import { type DispatchRequest, dispatchResponse } from './dispatch/exchange.ts';
import { isUuid } from './environment.ts';
import { type ExchangeRequest, exchangeResponse } from './exchange.ts';
import { createRestClient } from './rest-client.ts';
import { type SecretResult, secretsSnapshot } from './secrets/snapshot.ts';

export type Database = ReturnType<typeof connectDatabase>;

export interface DatabaseOptions {
  readonly url: string;
  readonly serviceRoleKey: string;
  /** Time limit of one request. */
  readonly timeoutMs?: number;
  readonly proxy?: ProxyEnv | undefined;
}

const gatewayIds = z.array(z.object({ id: z.string() }));
const registrations = z.array(
  z.object({ consumed_at: z.string().nullable(), consumed_by_gateway_id: z.string().nullable() }),
);
const registeredGateways = z.array(
  z.object({ id: z.string(), slug: z.string(), last_seen_at: z.string().nullable() }),
);
const newGateways = z.tuple([z.object({ gateway_id: z.string(), gateway_slug: z.string() })]);
const secretsVersions = z.array(z.object({ secrets_version: z.number() }));
const pairingCodes = z.array(z.object({ code: z.string() }));
const credential = z.string().regex(/^[0-9a-f]{64}$/);
const agentsLimits = { timeoutMs: 20_000, bytes: 16 * 1024 * 1024 };
/** Fits a thousand secrets of the largest size, as envelopes. */
const snapshotLimits = { timeoutMs: 60_000, bytes: 128 * 1024 * 1024 };

/** Queries and function calls of a runner. Each throws `HqError`. */
export function connectDatabase({ url, serviceRoleKey, timeoutMs = 10_000, proxy }: DatabaseOptions) {
  const rest = createRestClient(url, serviceRoleKey, timeoutMs, proxy);

  function parse<Schema extends z.ZodType>(schema: Schema, answer: unknown, name: string): z.output<Schema> {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new HqError('unreachable', `${rest.host} answered with an invalid ${name}.`, {
      hint: 'Bring the database up to date with `hq-db migrate`, or check that SUPABASE_URL is right.',
    });
  }

  return {
    /** Finds the gateway by its id or its slug; `conflict` when several tenants have one of that name. */
    async findGateway(idOrSlug: string, signal: AbortSignal): Promise<string> {
      if (isUuid(idOrSlug)) return idOrSlug.toLowerCase();
      const path = `gateways?select=id&limit=2&slug=eq.${encodeURIComponent(idOrSlug)}`;
      return onlyGateway(parse(gatewayIds, await rest.get(path, signal), 'gateway'), idOrSlug, rest.host);
    },

    /** Returns the registration with this hash of a token, and the gateway that it made; null if there is none. */
    async findRegistration(tokenHash: string, signal: AbortSignal) {
      const path = `gateway_registration_tokens?select=consumed_at,consumed_by_gateway_id&token_hash=eq.${tokenHash}`;
      const [row] = parse(registrations, await rest.get(path, signal), 'registration');
      if (row === undefined) return null;
      const { consumed_at, consumed_by_gateway_id: id } = row;
      if (id === null) return { isConsumed: consumed_at !== null, gateway: null };
      const gateways = await rest.get(`gateways?select=id,slug,last_seen_at&id=eq.${id}`, signal);
      const [gateway] = parse(registeredGateways, gateways, 'gateway');
      if (gateway === undefined) return { isConsumed: true, gateway: null };
      const isSeen = gateway.last_seen_at !== null;
      return { isConsumed: true, gateway: { id: gateway.id, slug: gateway.slug, isSeen } };
    },

    /** Registers a new gateway; a slug that is taken gets a number. */
    async registerGateway(token: string, slugHint: string, signal: AbortSignal) {
      const args = { p_token: token, p_slug_hint: slugHint };
      const answer = await rest.call('consume_gateway_token', args, signal);
      const [gateway] = parse(newGateways, answer, 'registration');
      return { gatewayId: gateway.gateway_id, slug: gateway.gateway_slug };
    },

    async exchange(gatewayId: string, runnerId: string, request: ExchangeRequest, signal: AbortSignal) {
      const args = {
        p_gateway_id: gatewayId,
        p_runner_id: runnerId,
        p_claim: request.claim,
        p_lease_seconds: request.leaseSeconds,
        p_renew: request.renew,
        p_output: request.output,
        p_progress: request.progress,
        p_results: request.results,
        p_heartbeat: request.heartbeat,
      };
      return parse(exchangeResponse, await rest.call('runner_exchange', args, signal), 'exchange');
    },

    /** One request of the dispatcher. */
    async dispatch(gatewayId: string, request: DispatchRequest, signal: AbortSignal) {
      const args = { p_gateway_id: gatewayId, p_request: request };
      return parse(dispatchResponse, await rest.call('dispatch_exchange', args, signal), 'dispatch');
    },

    async setPaused(gatewayId: string, paused: boolean, signal: AbortSignal) {
      await rest.call('set_gateway_paused', { p_gateway_id: gatewayId, p_paused: paused }, signal);
    },

    /** Returns the version of the gateway's secrets; null when there is no such gateway. */
    async secretsVersion(gatewayId: string, signal: AbortSignal) {
      const path = `gateways?select=secrets_version&id=eq.${encodeURIComponent(gatewayId)}`;
      const [row] = parse(secretsVersions, await rest.get(path, signal), 'version of secrets');
      return row?.secrets_version ?? null;
    },

    async secretsSnapshot(gatewayId: string, signal: AbortSignal) {
      const answer = await rest.call('secrets_snapshot', { p_gateway_id: gatewayId }, signal, snapshotLimits);
      return parse(secretsSnapshot, answer, 'list of secrets');
    },

    async reportSecrets(gatewayId: string, results: readonly SecretResult[], signal: AbortSignal) {
      await rest.call('secrets_synced', { p_gateway_id: gatewayId, p_results: results }, signal);
    },

    /** Returns the agents of the gateway as they have to be there. */
    async gatewayAgents(gatewayId: string, signal: AbortSignal) {
      const answer = await rest.call('gateway_agents', { p_gateway_id: gatewayId }, signal, agentsLimits);
      return parse(listedAgents, answer, 'list of agents');
    },

    /** Replaces the credential of an agent. */
    async issueCredential(agentId: string, signal: AbortSignal) {
      return parse(
        credential,
        await rest.call('issue_agent_credential', { p_agent_id: agentId }, signal),
        'credential',
      );
    },

    async agentProvisioned(agentId: string, openClawId: string, branch: string, signal: AbortSignal) {
      const args = { p_agent_id: agentId, p_openclaw_id: openClawId, p_branch: branch };
      await rest.call('agent_provisioned', args, signal);
    },

    async agentFailed(agentId: string, reason: string, signal: AbortSignal) {
      await rest.call('agent_failed', { p_agent_id: agentId, p_reason: reason }, signal);
    },

    /** Reports what keeps agents from answering, by their ids in OpenClaw. */
    async reportAgentHealth(gatewayId: string, agents: AgentConditions['agents'], signal: AbortSignal) {
      await rest.call('report_agent_health', { p_gateway_id: gatewayId, p_agents: agents }, signal);
    },

    async agentRemoved(agentId: string, signal: AbortSignal) {
      await rest.call('agent_removed', { p_agent_id: agentId }, signal);
    },

    /** Returns the code of a request. Throws `not_found` for one that is not there. */
    async pairingCode(gatewayId: string, requestId: string, signal: AbortSignal): Promise<string> {
      const path = `pairing_requests?select=code&gateway_id=eq.${gatewayId}&id=eq.${requestId}`;
      const [row] = parse(pairingCodes, await rest.get(path, signal), 'pairing request');
      if (row !== undefined) return row.code;
      throw new HqError('not_found', 'There is no such request of a person.', {
        hint: '`hq-tui pairings` lists who waits.',
        field: 'pairing_code',
      });
    },

    async pairingApproved(gatewayId: string, channel: string, code: string, signal: AbortSignal) {
      const args = { p_gateway_id: gatewayId, p_channel: channel, p_code: code };
      await rest.call('pairing_approved', args, signal);
    },

    close: rest.close,
  };
}

function onlyGateway([only, another]: readonly { id: string }[], slug: string, host: string): string {
  if (only === undefined) {
    throw new HqError('not_found', `The database at ${host} has no gateway "${slug}".`, {
      hint: 'Set GATEWAY_ID to the slug or the id of a gateway that exists.',
    });
  }
  if (another !== undefined) {
    throw new HqError('conflict', `More than one tenant has a gateway "${slug}".`, {
      hint: 'Set GATEWAY_ID to the gateway’s id instead of its slug.',
    });
  }
  return only.id;
}
