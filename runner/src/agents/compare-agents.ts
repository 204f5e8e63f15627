import { type AgentSpec, type AgentsApplied, openClawIdOf } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import type { Database } from '../database.ts';
import type { AgentsApi, OnProgress } from './agents-api.ts';
import { type AgentSecrets, withTokens } from './channel-tokens.ts';
import { type ListedAgent, type ListedAgents, listedAgent } from './listed-agent.ts';

export interface ComparisonOptions {
  readonly database: Pick<Database, 'gatewayAgents' | 'issueCredential' | 'agentProvisioned' | 'agentFailed'>;
  readonly gatewayId: string;
  readonly api: AgentsApi;
  /** Reads the tokens of chat channels from the secrets, by the agents' slugs. */
  readonly readChannelTokens: (signal: AbortSignal) => Promise<ReadonlyMap<string, AgentSecrets>>;
  /** Slugs of the agents that the gateway keeps paused; the comparison keeps it up to date. */
  readonly paused: Set<string>;
}

export interface ComparisonRequest {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress | undefined;
  /** Slug of an agent that gets a new credential. */
  readonly renew?: string | undefined;
}

export interface Comparison {
  readonly agents: readonly ListedAgent[];
  /** Slugs of the agents that were changed on the gateway. */
  readonly applied: readonly string[];
  /** OpenClaw's ids of agents that HQ did not make. */
  readonly unexpected: readonly string[];
  /** Reasons why agents are not as they have to be, by slug. */
  readonly problems: ReadonlyMap<string, string>;
}

const ignoreProgress: OnProgress = () => undefined;

/** Makes the agents of a gateway as the database describes them, and records which of them are. */
export async function compareAgents(
  options: ComparisonOptions,
  { signal, onProgress = ignoreProgress, renew }: ComparisonRequest,
): Promise<Comparison> {
  const { database, gatewayId, api, paused } = options;
  const listed = await database.gatewayAgents(gatewayId, signal);
  const { agents, problems } = parseAgents(listed);
  await pauseAndResume(agents, api, paused, signal);
  const described = await withChannelTokens(agents, options, signal);
  const isNew = (agent: ListedAgent): boolean => !agent.credential || agent.slug === renew;
  let specs = await withCredentials(described, isNew, database, signal);
  let result = await api.apply(specs, onProgress, signal);
  const lost = new Set(result.needCredential);
  if (lost.size > 0) {
    // Its record is gone there, or a kill came between the two writes.
    specs = await withCredentials(described, ({ slug }) => lost.has(slug), database, signal);
    result = joined(result, await api.apply(specs, onProgress, signal));
  }
  for (const { slug, message } of result.problems) problems.set(slug, message);
  await record(listed, agents, problems, database, signal);
  return {
    agents,
    applied: result.applied,
    unexpected: result.unexpected,
    problems,
  };
}

/** Separates the agents that the gateway can use from those whose rows are malformed, with the reason. */
function parseAgents(listed: ListedAgents) {
  const agents: ListedAgent[] = [];
  const problems = new Map<string, string>();
  for (const one of listed) {
    const { data, error } = listedAgent.safeParse(one);
    if (data !== undefined) agents.push(data);
    const [issue] = error?.issues ?? [];
    if (issue !== undefined)
      problems.set(one.slug, `its ${issue.path.join('.')} cannot be used: ${issue.message}`);
  }
  return { agents, problems };
}

const isPaused = ({ status }: ListedAgent): boolean => status === 'paused' || status === 'hibernating';

/** Pauses before anything else, since it ends turns. The gateway may not have the agent yet. */
async function pauseAndResume(
  agents: readonly ListedAgent[],
  api: AgentsApi,
  paused: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  for (const agent of agents) {
    if (isPaused(agent) === paused.has(agent.slug)) continue;
    try {
      await api.setPaused(agent.slug, isPaused(agent), signal);
    } catch (error) {
      if (!(error instanceof HqError) || error.code !== 'not_found') throw error;
    }
    if (isPaused(agent)) paused.add(agent.slug);
    else paused.delete(agent.slug);
  }
}

async function withChannelTokens(
  agents: readonly ListedAgent[],
  { readChannelTokens }: ComparisonOptions,
  signal: AbortSignal,
): Promise<readonly ListedAgent[]> {
  if (agents.every(({ channel }) => channel === null)) return agents;
  const secrets = await readChannelTokens(signal);
  return agents.map((agent) =>
    agent.channel === null
      ? agent
      : { ...agent, channel: withTokens(agent.channel, secrets.get(agent.slug) ?? new Map()) },
  );
}

async function withCredentials(
  agents: readonly ListedAgent[],
  needsOne: (agent: ListedAgent) => boolean,
  database: ComparisonOptions['database'],
  signal: AbortSignal,
): Promise<AgentSpec[]> {
  const specs: AgentSpec[] = [];
  for (const agent of agents) {
    const { openclawId: _id, credential: _credential, ...spec } = agent;
    const token = needsOne(agent) ? await database.issueCredential(agent.id, signal) : null;
    specs.push({ ...spec, token });
  }
  return specs;
}

function joined(first: AgentsApplied, second: AgentsApplied): AgentsApplied {
  return { ...second, applied: [...new Set([...first.applied, ...second.applied])] };
}

/** Writes what the database does not know yet. */
async function record(
  listed: ListedAgents,
  agents: readonly ListedAgent[],
  problems: ReadonlyMap<string, string>,
  database: ComparisonOptions['database'],
  signal: AbortSignal,
): Promise<void> {
  for (const { id, slug } of listed) {
    const problem = problems.get(slug);
    if (problem !== undefined) await database.agentFailed(id, problem, signal);
  }
  for (const { id, slug, branch, status, openclawId } of agents) {
    const isNews = status === 'provisioning' || status === 'error' || openclawId !== openClawIdOf(branch);
    if (isNews && !problems.has(slug)) {
      await database.agentProvisioned(id, openClawIdOf(branch), branch, signal);
    }
  }
}
