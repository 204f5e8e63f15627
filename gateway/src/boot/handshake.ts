import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';

/** Version of OpenClaw that has everything named here. */
const testedVersion = '2026.9.6';

/** Methods of OpenClaw that HQ calls. */
export const neededMethods = [
  'agent',
  'agent.wait',
  'agents.list',
  'channels.pairing.approve',
  'channels.pairing.list',
  'channels.start',
  'channels.status',
  'channels.stop',
  'chat.history',
  'config.get',
  'config.patch',
  'models.authLogin',
  'models.authLogout',
  'models.authOrderSet',
  'models.authSetApiKey',
  'models.authStatus',
  'models.list',
  'plugins.list',
  'secrets.reload',
  'sessions.abort',
  'sessions.describe',
  'sessions.list',
  'sessions.reset',
  'wizard.cancel',
  'wizard.next',
] as const;

const hqPlugin = 'hq';
/** OpenClaw warns so of a hook that it does not know. */
const unknownHook = /unknown typed hook "([^"]+)"/;
const pluginList = z.object({
  diagnostics: z.array(z.object({ message: z.string(), pluginId: z.string().optional() })).default([]),
});

/** Returns what HQ needs and this OpenClaw lacks: methods, and hooks of HQ's plugin. */
export async function missingFeatures(
  client: OpenClawClient,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { features } = await client.connected(signal);
  const methods = new Set(features.methods);
  const missing: string[] = neededMethods.filter((method) => !methods.has(method));
  if (!methods.has('plugins.list')) return missing;
  const { diagnostics } = await client.request(pluginList, { method: 'plugins.list', signal });
  const hooks = diagnostics
    // A plugin of the operator's may be older or newer than OpenClaw.
    .filter(({ pluginId }) => pluginId === hqPlugin)
    .flatMap(({ message }) => unknownHook.exec(message)?.[1] ?? []);
  return [...missing, ...new Set(hooks.map((hook) => `hook ${hook}`))];
}

/** Returns the error of an OpenClaw that lacks something. */
export function tooOld(version: string, missing: readonly string[]): HqError {
  return new HqError('failed', `OpenClaw ${version} lacks what HQ needs: ${missing.join(', ')}.`, {
    hint: `Install OpenClaw ${testedVersion}, which has it.`,
  });
}
