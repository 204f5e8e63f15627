import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { counted } from '@hq/shared/text';
import type { HomeAgent, OpenClawHome } from '../openclaw-home/read-home.ts';
import type { CronJob } from '../openclaw-home/read-state.ts';
import { payloadFault } from './provision-payload.ts';
import type { ImportRecord } from './record.ts';
import { slugFor } from './slugs.ts';

/** Outcome of an import for one agent of a home. */
export interface PlannedAgent {
  readonly agent: HomeAgent;
  /** Slug in HQ; null where none could be made. */
  readonly slug: string | null;
  /** `import`: it is made. `continue`: a run that was stopped goes on. `present`: imported already. `skip`: see the reason. */
  readonly outcome: 'import' | 'continue' | 'present' | 'skip';
  readonly reason: string | null;
}

export interface ImportPlan {
  readonly home: OpenClawHome;
  readonly gateway: GatewayRow;
  readonly agents: readonly PlannedAgent[];
  /** Jobs of agents that are imported. */
  readonly cronJobs: readonly { readonly slug: string; readonly job: CronJob }[];
  /** True if the agents come without their channels. */
  readonly isWithoutChannels: boolean;
}

export interface PlanOptions {
  readonly home: OpenClawHome;
  readonly gateway: GatewayRow;
  /** All agents of the HQ. */
  readonly rows: readonly AgentRow[];
  readonly record: ImportRecord | null;
  readonly renames: ReadonlyMap<string, string>;
  readonly isWithoutChannels: boolean;
}

const mostAgents = 20;

export function planImport(options: PlanOptions): ImportPlan {
  const { home, gateway, rows, isWithoutChannels } = options;
  const most = gateway.meta.max_agents ?? mostAgents;
  let room = most - rows.filter(({ gateway_id }) => gateway_id === gateway.id).length;
  const taken = new Map(rows.map((row) => [row.slug, row.id]));
  const agents = home.agents.map((agent): PlannedAgent => {
    const earlier = options.record?.agents.find(({ source }) => source === agent.id);
    if (earlier !== undefined && isOwn(earlier, taken)) {
      return {
        agent,
        slug: earlier.slug,
        outcome: earlier.row === null ? 'continue' : 'present',
        reason: null,
      };
    }
    const slug = options.renames.get(agent.id) ?? slugFor(agent.id, agent.name);
    const reason = reasonToSkip(agent, slug, taken, room, most) ?? faultOf(agent, slug, isWithoutChannels);
    if (reason !== null) return { agent, slug, outcome: 'skip', reason };
    room -= 1;
    if (slug !== null) taken.set(slug, '');
    const isRenamed = slug !== agent.id && !options.renames.has(agent.id);
    const why = isRenamed ? `HQ does not allow the slug ${agent.id}` : null;
    return { agent, slug, outcome: 'import', reason: why };
  });
  return { home, gateway, agents, cronJobs: jobsOf(home, agents), isWithoutChannels };
}

/** Returns false where the agent was removed since. */
function isOwn(
  { slug, agentId }: ImportRecord['agents'][number],
  taken: ReadonlyMap<string, string>,
): boolean {
  return agentId === null || taken.get(slug) === agentId;
}

function faultOf(agent: HomeAgent, slug: string | null, isWithoutChannels: boolean): string | null {
  return slug === null ? null : payloadFault(agent, slug, isWithoutChannels);
}

function reasonToSkip(
  { id, files }: HomeAgent,
  slug: string | null,
  taken: ReadonlyMap<string, string>,
  room: number,
  most: number,
): string | null {
  if (slug === null) return `HQ has no slug for it: give one with --as ${id}=NEW`;
  if (taken.has(slug)) return `the slug ${slug} is taken: give another with --as ${id}=NEW`;
  if (files.fault !== null) return files.fault;
  if (room <= 0)
    return `the gateway has room for ${counted(most, 'agent')}: import it to another one with --gateway`;
  return null;
}

function jobsOf(home: OpenClawHome, agents: readonly PlannedAgent[]): ImportPlan['cronJobs'] {
  return home.state.cronJobs.flatMap((job) => {
    const owner = agents.find(({ agent }) => (job.agent === null ? agent.isDefault : agent.id === job.agent));
    if (owner === undefined || owner.slug === null || owner.outcome === 'skip') return [];
    return [{ slug: owner.slug, job }];
  });
}

/** Agents that this run makes or completes. */
export function agentsToImport(plan: ImportPlan): readonly (PlannedAgent & { readonly slug: string })[] {
  return plan.agents.flatMap((planned) => {
    const { slug, outcome } = planned;
    return slug !== null && (outcome === 'import' || outcome === 'continue') ? [{ ...planned, slug }] : [];
  });
}

/** Returns true if an agent of this run brings an account whose messages an OpenClaw that runs takes too. */
export function takesChannels(plan: ImportPlan): boolean {
  return !plan.isWithoutChannels && agentsToImport(plan).some(({ agent }) => agent.channels.account !== null);
}
