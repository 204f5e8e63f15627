import { type AgentChannelSpec, type AgentSpec, channelTokenKeys } from '@hq/shared/agents';
import { isObject, type Json, type JsonObject, objectAt } from './json.ts';
import type { Wanted } from './merge-patch.ts';

/** An agent as HQ wants it in OpenClaw. */
export interface DesiredAgent {
  readonly id: string;
  readonly spec: AgentSpec;
  /** Directory with its files. */
  readonly workspace: string;
}

/** Settings that confine every agent of a gateway: see the plugin's sandbox. */
export interface AgentSettings {
  readonly sandbox: JsonObject;
  readonly tools: JsonObject;
  /** Returns the profile of an agent's own browser; null where the host allows none. */
  readonly browserProfile: ((id: string) => JsonObject) | null;
}

/** Entry of OpenClaw's own agent. */
const systemAgent: JsonObject = { tools: { deny: ['*'] } };

export interface DesiredConfig {
  /** Agents and bindings, which OpenClaw takes while others work. */
  readonly agents: Wanted;
  /** Accounts of channels: a change of a channel that runs restarts all of its accounts. */
  readonly channels: Wanted;
}

/**
 * Returns the parts of OpenClaw's configuration that belong to HQ, for a configuration that may have others. `gone` are
 * ids of agents that HQ removes. Everything else in it stays: agents, accounts and bindings that HQ did not make.
 */
export function desiredConfig(
  current: JsonObject,
  agents: readonly DesiredAgent[],
  gone: readonly string[],
  settings: AgentSettings,
): DesiredConfig {
  const entries: Record<string, JsonObject | null> = Object.fromEntries(gone.map((id) => [id, null]));
  const exact = new Set<string>();
  for (const agent of agents) {
    entries[agent.id] = entryOf(agent, settings);
    exact.add(`agents.entries.${agent.id}.sandbox`).add(`agents.entries.${agent.id}.tools`);
  }
  // OpenClaw adds an agent of its own, `main`, beside the first one: it serves nobody and gets no tools.
  const main = objectAt(current, 'agents', 'entries').main;
  if (isSystemAgent(main) && entries.main === undefined) entries.main = systemAgent;
  return {
    agents: {
      value: {
        agents: { ownership: 'explicit', defaults: { skipBootstrap: true }, entries },
        ...browserOf(agents, settings),
        bindings: bindingsOf(current, agents, gone),
      },
      exact,
    },
    channels: { value: { channels: channelsOf(current, agents, gone) } },
  };
}

/** Changes profiles alone: any other change of the section restarts OpenClaw. */
function browserOf(
  agents: readonly DesiredAgent[],
  { browserProfile }: Pick<AgentSettings, 'browserProfile'>,
): JsonObject {
  if (browserProfile === null || agents.length === 0) return {};
  return { browser: { profiles: Object.fromEntries(agents.map(({ id }) => [id, browserProfile(id)])) } };
}

function entryOf(
  { spec, workspace }: DesiredAgent,
  { sandbox, tools }: Pick<AgentSettings, 'sandbox' | 'tools'>,
): JsonObject {
  return {
    name: spec.name,
    workspace,
    model: spec.model,
    thinkingDefault: spec.thinking,
    identity: { name: spec.name, emoji: spec.emoji },
    sandbox,
    tools,
  };
}

/** Names of the tokens that an account needs, and the keys that OpenClaw has for them. */
const tokenKeys = {
  telegram: { botToken: 'botToken' },
  discord: { botToken: 'token' },
  slack: { botToken: 'botToken', appToken: 'appToken' },
} as const;

/** Returns the keys of the secrets that an account lacks. */
export function missingTokens(channel: AgentChannelSpec): readonly string[] {
  const tokens: Readonly<Record<string, string | undefined>> = channel.tokens;
  return Object.entries(channelTokenKeys[channel.name]).flatMap(([name, key]) =>
    tokens[name] === undefined ? [key] : [],
  );
}

function accountOf({ spec }: DesiredAgent, channel: AgentChannelSpec): JsonObject {
  const { name, allowFrom, serverId } = channel;
  const tokens: Readonly<Record<string, string | undefined>> = channel.tokens;
  return {
    enabled: spec.status !== 'paused' && spec.status !== 'hibernating',
    name: spec.name,
    dmPolicy: 'pairing',
    allowFrom: allowFrom === undefined || allowFrom.length === 0 ? null : [...allowFrom],
    ...Object.fromEntries(Object.entries(tokenKeys[name]).map(([token, key]) => [key, tokens[token]])),
    ...(name === 'slack' ? { mode: 'socket' } : {}),
    ...(name === 'discord' && serverId !== undefined
      ? { guilds: { [serverId]: { requireMention: true } } }
      : {}),
  };
}

function channelsOf(
  current: JsonObject,
  agents: readonly DesiredAgent[],
  gone: readonly string[],
): JsonObject {
  const owned = new Set([...gone, ...agents.map(({ id }) => id)]);
  const channels: Record<string, JsonObject> = {};
  for (const [channel, section] of Object.entries(objectAt(current, 'channels'))) {
    if (!isObject(section)) continue;
    const stale = Object.keys(objectAt(section, 'accounts')).filter((id) => owned.has(id));
    if (stale.length > 0) channels[channel] = { accounts: Object.fromEntries(stale.map((id) => [id, null])) };
  }
  for (const agent of agents) {
    const { channel } = agent.spec;
    if (channel === null || missingTokens(channel).length > 0) continue;
    const accounts = objectAt(channels, channel.name, 'accounts');
    channels[channel.name] = {
      enabled: true,
      accounts: { ...accounts, [agent.id]: accountOf(agent, channel) },
    };
  }
  return channels;
}

function bindingsOf(
  current: JsonObject,
  agents: readonly DesiredAgent[],
  gone: readonly string[],
): readonly Json[] | null {
  const existing = Array.isArray(current.bindings) ? current.bindings : [];
  const wanted = new Map<string, JsonObject>();
  for (const { id, spec } of agents) {
    if (spec.channel === null) continue;
    const binding = { type: 'route', agentId: id, match: { channel: spec.channel.name, accountId: id } };
    wanted.set(keyOf(spec.channel.name, id), binding);
  }
  const owned = new Set(agents.map(({ id }) => id));
  const kept = existing.filter((binding) => {
    if (!isObject(binding)) return true;
    const { agentId } = binding;
    if (typeof agentId !== 'string') return true;
    if (gone.includes(agentId)) return false;
    const key = accountRoute(binding);
    if (key === null || !owned.has(agentId)) return true;
    // HQ's own form: one account to the agent of the same id.
    if (!wanted.has(key)) return false;
    wanted.delete(key);
    return true;
  });
  const bindings = [...kept, ...wanted.values()];
  return bindings.length === 0 && existing.length === 0 ? null : bindings;
}

const keyOf = (channel: string, account: string): string => `${channel} ${account}`;

/** Returns the account of a binding that HQ could have made; null for a narrower one, and for another agent's account. */
function accountRoute(binding: JsonObject): string | null {
  const { agentId, type = 'route' } = binding;
  const { channel, accountId, ...narrower } = objectAt(binding, 'match');
  if (type !== 'route' || Object.keys(narrower).length > 0 || accountId !== agentId) return null;
  return typeof channel === 'string' && typeof accountId === 'string' ? keyOf(channel, accountId) : null;
}

/** Returns the channels in which these accounts are, by the configuration. */
export function accountsIn(
  current: JsonObject,
  ids: readonly string[],
): readonly { channel: string; id: string }[] {
  return Object.entries(objectAt(current, 'channels')).flatMap(([channel, section]) =>
    isObject(section)
      ? ids.filter((id) => id in objectAt(section, 'accounts')).map((id) => ({ channel, id }))
      : [],
  );
}

/** Returns the ids of the agents in a configuration that are neither HQ's nor OpenClaw's own one. */
export function unexpectedIn(current: JsonObject, own: ReadonlySet<string>): readonly string[] {
  return Object.entries(objectAt(current, 'agents', 'entries'))
    .filter(([id, entry]) => !own.has(id) && !(id === 'main' && isSystemAgent(entry)))
    .map(([id]) => id)
    .sort();
}

function isSystemAgent(entry: Json | undefined): boolean {
  if (!isObject(entry)) return true;
  const { workspace: _workspace, ...others } = entry;
  return Object.keys(others).length === 0 || JSON.stringify(others) === JSON.stringify(systemAgent);
}
