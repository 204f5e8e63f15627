import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readGateways, readSecrets } from '@hq/shared/queries';
import type { AgentRow, GatewayRow, SecretRow } from '@hq/shared/rows';
import type { Command } from 'commander';
import { namesHint } from '../../../actions/names-hint.ts';
import { findAgent, findGateway } from '../../arguments/find-by-name.ts';
import { text, writeOptions } from '../../arguments/options.ts';

export const targetOptions = writeOptions.extend({ gateway: text, agent: text });

interface TargetOptions {
  readonly gateway?: string | undefined;
  readonly agent?: string | undefined;
}

/** Owner of a secret: a gateway, or one agent of it. */
export interface SecretTarget {
  readonly gateway: GatewayRow;
  readonly agent: AgentRow | null;
}

/** Adds a command with the options that name the owner of a secret. */
export function secretCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--gateway <gateway>', 'slug or id; optional with a single gateway')
    .option('--agent <agent>', 'only for this agent, by slug or id')
    .option('--json', 'one JSON document');
}

export async function findTarget(client: HqClient, options: TargetOptions): Promise<SecretTarget> {
  const gateways = await readGateways(client);
  const agent = options.agent === undefined ? null : await findAgent(client, options.agent);
  if (agent !== null && agent.gateway_id === null) {
    throw new HqError('conflict', `The agent ${agent.slug} is on no gateway.`, { field: '--agent' });
  }
  const gateway =
    options.gateway === undefined
      ? (gateways.find(({ id }) => id === agent?.gateway_id) ?? onlyGateway(gateways))
      : findGateway(gateways, options.gateway);
  if (agent !== null && agent.gateway_id !== gateway.id) {
    throw new HqError('usage', `The agent ${agent.slug} is not on the gateway ${gateway.slug}.`, {
      field: '--agent',
    });
  }
  return { gateway, agent };
}

function onlyGateway(gateways: readonly GatewayRow[]): GatewayRow {
  const [only, ...others] = gateways;
  if (only === undefined) {
    throw new HqError('usage', 'No gateway is registered yet.', { field: '--gateway' });
  }
  if (others.length === 0) return only;
  throw new HqError('usage', 'There are several gateways.', {
    field: '--gateway',
    hint: `Name one. ${namesHint('', gateways, 'gateway')}`,
  });
}

export async function findSecret(
  client: HqClient,
  key: string,
  { gateway, agent }: SecretTarget,
): Promise<SecretRow | null> {
  const secrets = await readSecrets(client, { gatewayId: gateway.id, key });
  return secrets.find(({ agent_id }) => agent_id === (agent?.id ?? null)) ?? null;
}

/** Returns the secret of this key. Fails with `not_found` without one. */
export async function requireSecret(client: HqClient, key: string, target: SecretTarget): Promise<SecretRow> {
  const secret = await findSecret(client, key, target);
  if (secret === null) throw noSuchSecret(key, target);
  return secret;
}

export function noSuchSecret(key: string, target: SecretTarget): HqError {
  return new HqError('not_found', `There is no ${key} of ${targetText(target)}.`, {
    hint: '`hq-tui secrets list` shows all secrets.',
  });
}

export function targetText({ gateway, agent }: SecretTarget): string {
  return agent === null ? `the gateway ${gateway.slug}` : `the agent ${agent.slug}`;
}

/** Returns the options that name the target, for a call that the user repeats on the host. */
export function targetArguments({ gateway, agent }: TargetOptions): string {
  return Object.entries({ gateway, agent })
    .flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${value}`]))
    .join('');
}
