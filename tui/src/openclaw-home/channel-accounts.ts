import { type AgentChannel, agentChannels } from '@hq/shared/agents';
import type { AgentEntry } from './agent-entries.ts';
import { isObject, type JsonObject, objectAt, textAt, textsAt } from './json.ts';
import type { ApprovedPerson } from './read-state.ts';
import { resolveValue, type Variables } from './variables.ts';

/** An account of a chat platform that is routed to one agent. */
interface ChannelAccount {
  readonly channel: AgentChannel;
  readonly account: string;
  /** Values of the secrets that the account needs in HQ, by their names. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly allowFrom: readonly string[];
  /** The server of Discord; null without one, and on other platforms. */
  readonly serverId: string | null;
}

export interface AgentChannels {
  /** The account that comes over; null where none can. */
  readonly account: ChannelAccount | null;
  readonly leftOut: readonly string[];
}

/** OpenClaw's names of the tokens of an account, and HQ's names of the secrets. */
const tokenKeys: Readonly<Record<AgentChannel, readonly (readonly [string, string])[]>> = {
  telegram: [['botToken', 'TELEGRAM_BOT_TOKEN']],
  discord: [['token', 'DISCORD_BOT_TOKEN']],
  slack: [
    ['botToken', 'SLACK_BOT_TOKEN'],
    ['appToken', 'SLACK_APP_TOKEN'],
  ],
};
const mostPeople = 99;

interface Routed {
  readonly channel: string;
  readonly account: string;
  readonly section: JsonObject;
  /** Agent that gets every message that no narrower binding takes. */
  readonly agent: string | undefined;
}

/** Returns the account of each agent. HQ gives an agent one channel, and routes by the account alone. */
export function channelsOfAgents(
  config: JsonObject,
  agents: readonly AgentEntry[],
  variables: Variables,
  approved: readonly ApprovedPerson[],
): ReadonlyMap<string, AgentChannels> {
  const routed = routedAccounts(config, agents);
  return new Map(agents.map(({ id }) => [id, channelsOf(id, config, routed, variables, approved)]));
}

/** Returns names of accounts that are routed to no agent. */
export function unroutedAccounts(config: JsonObject, agents: readonly AgentEntry[]): readonly string[] {
  return routedAccounts(config, agents)
    .filter(({ agent }) => agent === undefined)
    .map(({ channel, account }) => `${channel} ${account}`);
}

function channelsOf(
  id: string,
  config: JsonObject,
  routed: readonly Routed[],
  variables: Variables,
  approved: readonly ApprovedPerson[],
): AgentChannels {
  const leftOut: string[] = [];
  let chosen: ChannelAccount | null = null;
  for (const one of routed.filter(({ agent }) => agent === id)) {
    const name = `${one.channel} ${one.account}`;
    const account = accountOf(one, variables, approved, leftOut);
    if (typeof account === 'string') leftOut.push(`${name}: ${account}`);
    else if (chosen !== null) leftOut.push(`${name}: an agent of HQ has one channel`);
    else chosen = account;
  }
  for (const match of narrowBindings(config, id)) {
    leftOut.push(
      `binding to ${String(match.channel)}: HQ routes by the account alone, not by ${narrowKey(match)}`,
    );
  }
  return { account: chosen, leftOut };
}

/** Lists all accounts of all channels with the agent that they are routed to. */
function routedAccounts(config: JsonObject, agents: readonly AgentEntry[]): readonly Routed[] {
  const isExplicit = objectAt(config, 'agents').ownership === 'explicit' && agents.length > 1;
  const fallback = isExplicit ? undefined : agents.find(({ isDefault }) => isDefault)?.id;
  return Object.entries(objectAt(config, 'channels')).flatMap(([channel, section]) => {
    if (channel === 'defaults' || !isObject(section)) return [];
    const { accounts: _accounts, ...shared } = section;
    const named = Object.entries(objectAt(section, 'accounts')).filter(([, one]) => isObject(one));
    const accounts: (readonly [string, JsonObject])[] = named.map(([account, one]) => [
      account,
      { ...shared, ...(isObject(one) ? one : {}) },
    ]);
    if (named.length === 0) accounts.push(['default', shared]);
    return accounts.map(([account, own]) => ({
      ...{ channel, account, section: own },
      agent: boundAgent(config, channel, account) ?? fallback,
    }));
  });
}

function bindings(config: JsonObject): readonly { readonly agentId: string; readonly match: JsonObject }[] {
  const list = Array.isArray(config.bindings) ? config.bindings.filter(isObject) : [];
  return list.map((binding) => ({
    agentId: textAt(binding, 'agentId') ?? '',
    match: objectAt(binding, 'match'),
  }));
}

const narrowKey = (match: JsonObject): string | undefined =>
  ['peer', 'guildId', 'teamId', 'roles', 'threadId'].find((key) => match[key] !== undefined);

function narrowBindings(config: JsonObject, id: string): readonly JsonObject[] {
  return bindings(config)
    .filter(({ agentId, match }) => agentId === id && narrowKey(match) !== undefined)
    .map(({ match }) => match);
}

function boundAgent(config: JsonObject, channel: string, account: string): string | undefined {
  const whole = bindings(config).filter(
    ({ match }) => match.channel === channel && narrowKey(match) === undefined,
  );
  const exact = whole.find(({ match }) => (textAt(match, 'accountId') ?? 'default') === account);
  return (exact ?? whole.find(({ match }) => match.accountId === '*'))?.agentId;
}

/** Returns the account, or the reason why it stays. */
function accountOf(
  { channel: name, account, section }: Routed,
  variables: Variables,
  approved: readonly ApprovedPerson[],
  leftOut: string[],
): ChannelAccount | string {
  const channel = agentChannels.find((one) => one === name);
  if (channel === undefined) return 'HQ has no such channel';
  if (section.enabled === false) return 'it is switched off';
  const tokens = new Map<string, string>();
  for (const [key, secret] of tokenKeys[channel]) {
    const resolved = resolveValue(section[key], variables);
    if (resolved === undefined) return `it has no ${key}`;
    if ('reason' in resolved) return resolved.reason;
    tokens.set(secret, resolved.value);
  }
  const people = approved.filter((one) => one.channel === channel && one.account === account);
  const named = [...new Set([...textsAt(section, 'allowFrom'), ...people.map(({ id }) => id)])];
  const allowFrom = named.filter((id) => id !== '*' && id.length <= 100).slice(0, mostPeople);
  if (named.includes('*')) leftOut.push(`${channel} allowFrom *: in HQ a stranger asks for an approval`);
  if (named.filter((id) => id !== '*').length > allowFrom.length) {
    leftOut.push(`${channel} allowFrom: HQ takes ${mostPeople} people; approve the others later`);
  }
  const servers = channel === 'discord' ? Object.keys(objectAt(section, 'guilds')) : [];
  const [serverId = null] = servers.filter((id) => /^[0-9]{5,25}$/.test(id));
  if (servers.length > 1) leftOut.push('discord servers: an agent of HQ reads one server');
  if (Object.keys(objectAt(section, 'groups')).length > 0) {
    leftOut.push(`${channel} groups: HQ has no word for them`);
  }
  return { channel, account, tokens, allowFrom, serverId };
}
