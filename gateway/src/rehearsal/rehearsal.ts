import { freePort, readPrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { GatewayPaths } from '../environment.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { rehearsalScript } from './script.ts';

export type RehearsalServer = ModelServer;

const configuredProvider = z.object({
  models: z.object({ providers: z.object({ rehearsal: z.object({ baseUrl: z.string() }) }) }),
});

/** Starts the model server of a rehearsal, on the port of the last rehearsal if it is free. */
export async function startRehearsal({ config }: GatewayPaths): Promise<RehearsalServer> {
  const parsed = configuredProvider.safeParse(parseJson((await readPrivate(config)) ?? ''));
  const address = parsed.success ? URL.parse(parsed.data.models.providers.rehearsal.baseUrl) : null;
  return startModelServer(rehearsalScript, await freePort(Number(address?.port ?? 0)));
}
