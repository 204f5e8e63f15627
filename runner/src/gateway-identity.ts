import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import type { Log } from '@hq/shared/log';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { Database } from './database.ts';

export interface IdentityOptions {
  readonly database: Pick<Database, 'findGateway' | 'findRegistration' | 'registerGateway'>;
  /** Directory of the file that keeps the registered gateway. */
  readonly directory: string;
  /** Id or slug that the operator gave. */
  readonly gatewayId: string | undefined;
  /** One-time token of a new gateway. */
  readonly token: string | undefined;
  /** Wish for the slug of a new gateway. */
  readonly name: string | undefined;
  readonly log: Log;
}

const identity = z.object({ gatewayId: z.uuid(), slug: z.string() });

/**
 * Returns the id of the gateway that this host serves: the one that was named, else the one that was registered here, else
 * a new one. A token is exchanged once. Killed before the gateway is recorded here, the next start adopts it.
 */
export async function identifyGateway(options: IdentityOptions, signal: AbortSignal): Promise<string> {
  const { database, directory, gatewayId, token, log } = options;
  if (gatewayId !== undefined) return database.findGateway(gatewayId, signal);
  const file = join(directory, 'gateway-identity.json');
  const kept = identity.safeParse(parseJson((await readPrivate(file)) ?? ''));
  if (kept.success) return kept.data.gatewayId;
  if (token === undefined) throw nothingNamed();
  const registered = await register(options, token, signal);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writePrivate(file, `${JSON.stringify(registered)}\n`);
  log.info({ gateway: registered.gatewayId, slug: registered.slug }, 'registered as a new gateway');
  return registered.gatewayId;
}

async function register(
  { database, name }: IdentityOptions,
  token: string,
  signal: AbortSignal,
): Promise<z.output<typeof identity>> {
  const earlier = await database.findRegistration(createHash('sha256').update(token).digest('hex'), signal);
  if (earlier === null) throw unusable('is not known');
  if (earlier.gateway === null) {
    if (earlier.isConsumed) throw unusable('was used for a gateway that is gone');
    return database.registerGateway(token, name ?? hostname(), signal);
  }
  // A start that was killed after the exchange left a gateway that nobody has served yet.
  if (!earlier.gateway.isSeen) return { gatewayId: earlier.gateway.id, slug: earlier.gateway.slug };
  throw unusable('has registered another host already');
}

function unusable(reason: string): HqError {
  return new HqError('usage', `The registration token ${reason}.`, {
    hint: 'Issue a new one with `hq-tui gateways token`, or set GATEWAY_ID to a gateway that exists.',
    field: 'GATEWAY_REGISTRATION_TOKEN',
  });
}

function nothingNamed(): HqError {
  return new HqError('usage', 'must be the id or the slug of the gateway that this runner serves', {
    hint: 'For a new gateway, set GATEWAY_REGISTRATION_TOKEN to a token of `hq-tui gateways token`.',
    field: 'GATEWAY_ID',
  });
}
