import { z } from 'zod';
import { thinkingLevels } from '../../agents/agent-spec.ts';
import { defineAction } from '../action.ts';
import { byRunner, model, noFields, text } from './payload-parts.ts';

const optionalId = (title: string, description: string) =>
  z
    .string()
    .regex(/^[0-9]{5,25}$/, 'an id of Discord: digits alone')
    .optional()
    .meta({ title, description });

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

const onAgent = { ...byRunner, target: 'agent', lane: 'agent', timeoutSeconds: 600 } as const;

/** Actions that add agents to a gateway, bring them up to date and remove them. */
export const provisionActions = {
  provision: defineAction({
    ...onAgent,
    target: 'gateway',
    title: 'Provision an agent',
    summary: 'Adds an agent to the gateway: files from a template, a model, and a chat channel of its own.',
    role: 'operator',
    danger: 'reversible',
    payload: () =>
      z.strictObject({
        name: text(100).optional().describe('The agent’s name, such as Scout'),
        slug: z
          .string()
          .min(2)
          .max(40)
          .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single dashes')
          .optional()
          .describe('The agent’s slug; made of its name by default'),
        source_template: z
          .string()
          .max(60)
          .regex(/^(template\/)?[a-z0-9]+(-[a-z0-9]+)*$/, 'the name of a template')
          .optional()
          .meta({ title: 'Template', description: 'The template that its files begin with' }),
        channel: z
          .enum(['none', 'telegram', 'discord', 'slack'])
          .default('none')
          .describe('The chat platform where people write to it; its tokens are secrets of the agent'),
        model: model('The model, such as openai/gpt-5; the gateway’s default if it is left out').optional(),
        thinking: z.enum(thinkingLevels).optional().describe('How long it thinks before it answers'),
        description: z.string().max(2000).optional().describe('What the agent is for'),
        emoji: text(16).optional().describe('An emoji that stands for the agent'),
        discord_server_id: optionalId('Discord server', 'The server whose channels the agent reads'),
        discord_user_id: optionalId('Discord user', 'The person who may write to it without a pairing'),
        allow_from: z
          .array(text(100))
          .optional()
          .describe('Ids on the channel of people who may write without a pairing, with commas between them'),
        owner_name: z.string().max(200).optional().describe('Its owner, if not the workspace’s'),
        owner_preferred_name: z.string().max(200).optional().describe('The name by which it calls its owner'),
        owner_timezone: z
          .string()
          .max(100)
          .optional()
          .describe('Its owner’s time zone, such as Europe/Paris'),
        workspace_slug: z
          .string()
          .max(60)
          .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters, digits and single dashes')
          .optional()
          .meta({
            title: 'Workspace',
            description: 'The first part of its branch, if not the workspace’s slug',
          }),
        import_id: z
          .string()
          .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'the id of an import')
          .optional()
          .meta({
            title: 'Import',
            description: 'The id of files that the gateway has received; `hq-tui gateways import` says it',
          }),
      }),
    result: () => z.object({ agent: z.string(), branch: z.string(), tookMs: z.number().nonnegative() }),
    describe: ({ agent, branch, tookMs }) => `${agent} is ready on branch ${branch} after ${seconds(tookMs)}`,
  }),
  update: defineAction({
    ...onAgent,
    title: 'Update an agent',
    summary: 'Compares an agent on its gateway with HQ, repairs what differs, and gives it a new credential.',
    role: 'operator',
    danger: 'reversible',
    payload: noFields,
    result: () => z.object({ agent: z.string(), changed: z.boolean() }),
    describe: ({ agent, changed }) =>
      changed ? `${agent} was brought up to date` : `${agent} was up to date`,
  }),
  update_all: defineAction({
    ...byRunner,
    title: 'Update all agents',
    summary: 'Compares all agents of the gateway with HQ and repairs what differs.',
    role: 'operator',
    danger: 'reversible',
    lane: 'stack',
    timeoutSeconds: 1800,
    payload: noFields,
    result: () =>
      z.object({
        changed: z.array(z.string()),
        unchanged: z.int().nonnegative(),
        /** OpenClaw’s ids of agents that HQ did not make. */
        unexpected: z.array(z.string()),
      }),
    describe: ({ changed, unchanged, unexpected }) =>
      [
        changed.length === 0 ? `${unchanged} up to date` : `updated ${changed.join(', ')}`,
        unexpected.length === 0 ? '' : `not from HQ: ${unexpected.join(', ')}`,
      ]
        .filter(Boolean)
        .join('; '),
  }),
  remove: defineAction({
    ...onAgent,
    title: 'Remove an agent',
    summary: 'Removes an agent from its gateway and from HQ, with its secrets and its inbox.',
    consequence:
      'Its turns end, its channel falls silent, its secrets and inbox are deleted. Its files are kept in an archived branch; a new agent of this name inherits nothing.',
    role: 'admin',
    danger: 'destructive',
    payload: noFields,
    result: () => z.object({ agent: z.string(), archived: z.string().nullable() }),
    describe: ({ agent, archived }) =>
      `${agent} is removed${archived === null ? '' : `; its files are on branch ${archived}`}`,
  }),
  approve_pairing: defineAction({
    ...byRunner,
    title: 'Approve a pairing',
    summary: 'Lets a person who wrote to an agent in a chat write to it from now on.',
    role: 'operator',
    danger: 'reversible',
    lane: 'none',
    timeoutSeconds: 120,
    payload: () =>
      z.strictObject({
        pairing_code: z
          .string()
          .max(100)
          .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, 'the code that the person got')
          .meta({
            title: 'Code',
            description: 'The code that the agent answered to the person, or the id of the request',
          }),
        channel: z.enum(['telegram', 'discord', 'slack']).describe('The chat platform'),
      }),
    result: () => z.object({ sender: z.string(), account: z.string(), channel: z.string() }),
    describe: ({ sender, account, channel }) => `${sender} may write to ${account} on ${channel}`,
  }),
} as const;
