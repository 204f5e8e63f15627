import { confinementFinding, type GatewayStatus } from '@hq/shared/gateway';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';

const confinement = z.object({
  exec: z.boolean(),
  browser: z.boolean(),
  reason: z.string().nullable(),
  findings: z.array(confinementFinding),
});
const limitMs = 2_000;

/** Asks HQ's plugin for what this host lets agents do. What cannot be asked counts as nothing. */
export async function readConfinement(client: OpenClawClient | null): Promise<GatewayStatus['confinement']> {
  const nothing = (reason: string) => ({ exec: false, browser: false, reason });
  if (client?.hello == null) return nothing('OpenClaw is not ready.');
  if (!client.hello.features.methods.includes('hq.confinement')) return nothing('HQ’s plugin is not loaded.');
  try {
    return await client.request(confinement, { method: 'hq.confinement', limitMs });
  } catch {
    return nothing('HQ’s plugin does not answer.');
  }
}
