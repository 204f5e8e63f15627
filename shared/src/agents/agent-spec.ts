import { z } from 'zod';

/** The ids that a branch may not begin with or be: the repository uses them for other things. */
const reservedBranch = /^(?:template|archive)\/|^(?:default|main|master|new|template|archive)$/;
const branchPattern = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\/[a-z0-9]+(?:-[a-z0-9]+)*)?$/;
const longestBranch = 100;

/** Levels of thinking that an operator may choose. */
export const thinkingLevels = ['off', 'low', 'medium', 'high', 'xhigh'] as const;

/** Chat platforms on which an agent may have an account of its own. */
export const agentChannels = ['telegram', 'discord', 'slack'] as const;
export type AgentChannel = (typeof agentChannels)[number];

/** Keys of the secrets that are the tokens of a channel. */
export const channelTokenKeys: Readonly<
  Record<AgentChannel, { readonly botToken: string; readonly appToken?: string }>
> = {
  telegram: { botToken: 'TELEGRAM_BOT_TOKEN' },
  discord: { botToken: 'DISCORD_BOT_TOKEN' },
  slack: { botToken: 'SLACK_BOT_TOKEN', appToken: 'SLACK_APP_TOKEN' },
};

const line = (longest: number) => z.string().max(longest);

const channel = z.object({
  name: z.enum(agentChannels),
  /** Tokens that are missing here are missing in the secrets: the account is left out and reported. */
  tokens: z.object({ botToken: z.string().min(1).optional(), appToken: z.string().min(1).optional() }),
  /** Ids of the people who may write without a pairing. */
  allowFrom: z.array(line(100)).max(100).optional(),
  /** The server of Discord whose channels the agent reads when it is mentioned. */
  serverId: line(100).optional(),
});
export type AgentChannelSpec = z.output<typeof channel>;

/** Everything that decides how an agent is on its gateway. The runner sends it, the gateway compares and applies it. */
export const agentSpec = z.object({
  id: z.uuid(),
  slug: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
    .min(2)
    .max(40),
  /** `<workspace>/<slug>`, or the slug alone: the branch with the agent's files. */
  branch: z
    .string()
    .max(longestBranch)
    .regex(branchPattern)
    .refine((branch) => !reservedBranch.test(branch), 'is a name that HQ uses itself'),
  name: line(100).min(1),
  description: line(2_000).nullable(),
  emoji: line(32).nullable(),
  /** `<provider>/<model>`; null means the gateway's default. */
  model: line(200).nullable(),
  thinking: z.enum(thinkingLevels).nullable(),
  status: z.enum(['ready', 'paused', 'error', 'provisioning', 'hibernating']),
  /** Name of the template that a new agent begins with; null means `default`. */
  template: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
    .max(60)
    .nullable(),
  owner: z.object({
    name: line(200).nullable(),
    preferredName: line(200).nullable(),
    timezone: line(100).nullable(),
  }),
  workspaceSlug: line(60).nullable(),
  channel: channel.nullable(),
  /** Hosts that the agent's commands may reach, such as `pypi.org` and `*.github.com:443`. */
  allowedHosts: z.array(line(255)).max(200),
  /** Id of the import whose files the gateway has received for this agent; null without an import. */
  importId: z.uuid().nullable().default(null),
  /** A new credential for HQ's tools; null keeps the one that the gateway has. */
  token: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});
export type AgentSpec = z.output<typeof agentSpec>;

/** Returns OpenClaw's id of the agent whose files are on this branch. */
export function openClawIdOf(branch: string): string {
  return branch.replaceAll('/', '-');
}
