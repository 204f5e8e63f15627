import { counted, plain } from '@hq/shared/text';
import type { HomeAgent } from '../openclaw-home/read-home.ts';
import type { CronJob } from '../openclaw-home/read-state.ts';
import { agentsToImport, type ImportPlan, type PlannedAgent, takesChannels } from './plan.ts';
import { routineOfJob } from './routine-of-job.ts';

/** Returns the plan in lines for people. It names secrets, never their values. */
export function planLines(plan: ImportPlan): readonly string[] {
  const { home, gateway } = plan;
  const version = home.version === null ? '' : `, written by OpenClaw ${home.version}`;
  return [
    plain(`Home: ${home.path}${version}`),
    plain(`Gateway: ${gateway.slug}`),
    ...plan.agents.flatMap((planned) => ['', ...agentLines(planned, plan.isWithoutChannels)]),
    ...cronLines(plan),
    '',
    ...home.leftOut.map((sentence) => plain(`left out: ${sentence}`)),
    ...warningLines(plan),
    '',
    'The home is only read.',
  ];
}

/** Returns a line below an agent. */
function detail(label: string, text: string): string {
  return `  ${label.padEnd(9)} ${plain(text)}`;
}

function agentLines({ agent, slug, outcome, reason }: PlannedAgent, isWithoutChannels: boolean): string[] {
  const title = plain(`${agent.id}${slug === null || slug === agent.id ? '' : ` → ${slug}`}`);
  if (outcome === 'skip') return [`${title}: is not imported: ${plain(reason ?? '')}`];
  if (outcome === 'present') return [`${title}: is imported already`];
  const more = reason === null ? '' : ` (${plain(reason)})`;
  const megabytes = (agent.files.bytes / 1024 / 1024).toFixed(1);
  const place = agent.files.root ?? `${agent.workspace}, which is not there`;
  const thinking = agent.thinking === null ? '' : `, thinking ${agent.thinking}`;
  return [
    `${title}: ${outcome === 'continue' ? 'the import goes on' : 'is imported'}${more}`,
    detail('name', [agent.name, agent.emoji].filter(Boolean).join(' ')),
    detail('model', `${agent.model ?? 'the gateway’s default'}${thinking}`),
    detail('files', `${agent.files.files.length} with ${megabytes} MB from ${place}`),
    ...secretLines(agent, isWithoutChannels),
    ...leftOutOf(agent, isWithoutChannels).map((sentence) => detail('left out', sentence)),
  ];
}

function secretLines({ channels, providerKeys }: HomeAgent, isWithoutChannels: boolean): readonly string[] {
  const account = isWithoutChannels ? null : channels.account;
  const stored = 'stored as secrets of the agent';
  const keys = [...providerKeys.keys.keys()];
  return [
    ...(account === null
      ? []
      : [
          detail(
            'channel',
            `${account.channel} ${account.account}; ${counted(account.allowFrom.length, 'person', 'people')} may write`,
          ),
          detail('tokens', `${[...account.tokens.keys()].join(', ')}: ${stored}`),
        ]),
    ...(keys.length === 0 ? [] : [detail('keys', `${keys.join(', ')}: ${stored}`)]),
  ];
}

function leftOutOf(agent: HomeAgent, isWithoutChannels: boolean): readonly string[] {
  const { account, leftOut } = agent.channels;
  return [
    ...(account !== null && isWithoutChannels
      ? [`${account.channel} ${account.account}: --no-channels`]
      : []),
    ...[...leftOut, ...agent.leftOut, ...agent.providerKeys.leftOut, ...agent.files.leftOut],
  ];
}

function cronLines({ cronJobs, home }: ImportPlan): readonly string[] {
  const jobs = cronJobs.map(({ slug, job }) => {
    const routine = routineOfJob(job, slug);
    const off = job.enabled ? '' : ', off';
    return 'reason' in routine
      ? plain(`left out: ${slug}: ${job.name}: ${routine.reason}`)
      : plain(`${slug}: ${job.name}, ${scheduleText(job)}${off}`);
  });
  const others = home.state.otherJobs.map((name) =>
    plain(`left out: ${name}: HQ has no word for such a job`),
  );
  if (jobs.length === 0 && others.length === 0) return [];
  return ['', 'Cron jobs, which --cron makes routines:', ...[...jobs, ...others].map((line) => `  ${line}`)];
}

function scheduleText({ schedule }: CronJob): string {
  if (schedule.kind === 'cron') return `${schedule.expr}${schedule.tz ? ` in ${schedule.tz}` : ''}`;
  if (schedule.kind === 'every') return `every ${Math.round(schedule.everyMs / 1000)} s`;
  return `once at ${schedule.at ?? new Date(schedule.atMs ?? 0).toISOString()}`;
}

function warningLines(plan: ImportPlan): readonly string[] {
  const { running } = plan.home.state;
  if (running === null) return [];
  const what = plain(`OpenClaw runs on this home (process ${running.pid} on ${running.host}).`);
  if (!takesChannels(plan)) return ['', what];
  const why = 'Two programs that read one bot take its messages from each other.';
  return ['', `${what} ${why} Stop it first, or import with --no-channels.`];
}

/** Document of `gateways import --json`. */
export function planDocument(plan: ImportPlan) {
  return {
    home: plan.home.path,
    version: plan.home.version,
    running: plan.home.state.running !== null,
    gateway: plan.gateway.slug,
    agents: plan.agents.map(({ agent, slug, outcome, reason }) => ({
      ...{ source: agent.id, slug, outcome, reason, name: agent.name, emoji: agent.emoji },
      ...{ model: agent.model, thinking: agent.thinking },
      files: { count: agent.files.files.length, bytes: agent.files.bytes },
      channel: plan.isWithoutChannels ? null : (agent.channels.account?.channel ?? null),
      secrets: secretsOf(agent, plan.isWithoutChannels).map(([key]) => key),
      leftOut: leftOutOf(agent, plan.isWithoutChannels),
    })),
    cronJobs: plan.cronJobs.map(({ slug, job }) => {
      const routine = routineOfJob(job, slug);
      const reason = 'reason' in routine ? routine.reason : null;
      return { agent: slug, name: job.name, schedule: scheduleText(job), enabled: job.enabled, reason };
    }),
    leftOut: plan.home.leftOut,
    toImport: agentsToImport(plan).length,
  };
}

/** Returns names and values of the secrets that an agent brings. */
export function secretsOf(
  { channels, providerKeys }: HomeAgent,
  isWithoutChannels: boolean,
): readonly (readonly [string, string])[] {
  const tokens = isWithoutChannels ? [] : [...(channels.account?.tokens ?? [])];
  return [...tokens, ...providerKeys.keys];
}
