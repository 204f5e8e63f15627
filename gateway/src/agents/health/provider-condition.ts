import type { AgentCondition } from '@hq/shared/agents';
import { z } from 'zod';
import { isObject, type Json, type JsonObject, objectAt } from '../config/json.ts';

/** Answer of `models.authStatus`, as far as it decides whether an agent is signed in. */
export const authStatus = z.object({
  providers: z.array(z.object({ provider: z.string(), status: z.string() })),
  providerCapabilities: z.array(z.object({ provider: z.string(), apiKeySupported: z.boolean() })).default([]),
});
export type AuthStatus = z.output<typeof authStatus>;

/** Returns the provider of an agent's model; null where none is configured. */
export function providerOf(config: JsonObject, agentId: string): string | null {
  const own = modelIn(objectAt(config, 'agents', 'entries', agentId).model);
  const model = own ?? modelIn(objectAt(config, 'agents', 'defaults').model);
  const [provider, name] = model?.split('/') ?? [];
  return provider === undefined || name === undefined ? null : provider;
}

function modelIn(setting: Json | undefined): string | null {
  if (typeof setting === 'string') return setting;
  return isObject(setting) && typeof setting.primary === 'string' ? setting.primary : null;
}

/** Returns why an agent has no valid credential for its provider; null where it has one, or needs none. */
export function providerCondition(provider: string, status: AuthStatus): AgentCondition | null {
  const known = status.providers.find((each) => each.provider === provider);
  const signedOut = (reason: string): AgentCondition => ({ kind: 'signed_out', reason, subject: provider });
  if (known?.status === 'expired') return signedOut(`the sign-in at ${provider} has expired`);
  if (known?.status === 'missing') return signedOut(`there is no key for ${provider}`);
  // A provider that is not listed has neither a key nor a configuration.
  const needsKey = status.providerCapabilities.some(
    (each) => each.provider === provider && each.apiKeySupported,
  );
  return known === undefined && needsKey ? signedOut(`there is no key for ${provider}`) : null;
}
