import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { type OpenClawAgent, type OpenClawCall, slugOfWorkspace } from '../openclaw-call.ts';
import type { ProviderKey } from './plan-files.ts';

/** Hash and profile of each pushed key, by OpenClaw's agent and by provider. */
export const pushedKeys = z.record(
  z.string(),
  z.record(z.string(), z.object({ hash: z.string(), profile: z.string() })),
);
export type PushedKeys = z.output<typeof pushedKeys>;

export interface OpenClawState {
  readonly agents: readonly OpenClawAgent[];
  /** Profiles of all agents. */
  readonly profiles: ReadonlySet<string>;
  /** Providers with settings of their own, such as another address. */
  readonly configured: ReadonlySet<string>;
}

export interface DesiredKeys {
  readonly providerKeys: readonly ProviderKey[];
  /** Providers whose key could not be decrypted: their pushed keys stay. */
  readonly unreadProviders: ReadonlySet<string>;
}

/** Adds or removes one key. */
export interface ProviderStep {
  readonly agent: string;
  readonly provider: string;
  /** Null removes the key. */
  readonly hash: string | null;
  readonly call: OpenClawCall;
}

/** Stands for all agents: OpenClaw keeps one key for a provider that has settings of its own. */
export const everyAgent = '*';

/**
 * Returns the steps from `pushed` to the wanted keys. Removals come first: OpenClaw drops a profile for every agent when it
 * drops it for one. `impossible` names keys that OpenClaw cannot store.
 */
export function providerSteps(
  openclaw: OpenClawState,
  { providerKeys, unreadProviders }: DesiredKeys,
  pushed: PushedKeys,
  hashKey: string,
): { readonly steps: readonly ProviderStep[]; readonly impossible: readonly string[] } {
  const [first] = openclaw.agents;
  if (first === undefined) return { steps: [], impossible: [] };
  const wanted = wantedByAgent(openclaw, providerKeys);
  const agentId = (agent: string) => (agent === everyAgent ? first.id : agent);
  const removals: ProviderStep[] = [];
  const profiles = new Set(openclaw.profiles);
  for (const [agent, keys] of Object.entries(pushed)) {
    if (agent !== everyAgent && !openclaw.agents.some(({ id }) => id === agent)) continue;
    for (const [provider, { profile }] of Object.entries(keys)) {
      if (wanted.get(agent)?.has(provider) === true || unreadProviders.has(provider)) continue;
      const params = { provider, profileIds: [profile], agentId: agentId(agent) };
      removals.push({ agent, provider, hash: null, call: { method: 'models.authLogout', params } });
      profiles.delete(profile);
    }
  }
  const additions: ProviderStep[] = [];
  for (const [agent, keys] of wanted) {
    for (const [provider, value] of keys) {
      const hash = createHmac('sha256', hashKey).update(`${provider}\0${value}`).digest('hex');
      const known = pushed[agent]?.[provider];
      if (known?.hash === hash && profiles.has(known.profile)) continue;
      const params = { provider, apiKey: value, agentId: agentId(agent) };
      additions.push({ agent, provider, hash, call: { method: 'models.authSetApiKey', params } });
    }
  }
  const impossible = providerKeys
    .filter(({ agent, provider }) => agent !== null && openclaw.configured.has(provider))
    .map(({ agent, provider }) => `${provider} of ${agent}: it keeps one key for all agents there`);
  return { steps: [...removals, ...additions], impossible };
}

/** Returns the keys of each agent: the gateway's keys, overridden by its own. */
function wantedByAgent(
  { agents, configured }: OpenClawState,
  keys: readonly ProviderKey[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const shared = keys.filter(({ agent }) => agent === null);
  const wanted = new Map<string, ReadonlyMap<string, string>>();
  const byProvider = (some: readonly ProviderKey[]) =>
    new Map(some.map(({ provider, value }) => [provider, value]));
  wanted.set(everyAgent, byProvider(shared.filter(({ provider }) => configured.has(provider))));
  for (const { id, workspace } of agents) {
    const slug = slugOfWorkspace(workspace);
    const own = keys.filter(({ agent }) => agent !== null && agent === slug);
    wanted.set(id, byProvider([...shared, ...own].filter(({ provider }) => !configured.has(provider))));
  }
  return wanted;
}
