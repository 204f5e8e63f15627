import { z } from 'zod';
import { truncate } from '../../text/truncate.ts';
import { defineAction } from '../action.ts';
import { agentSlug, byDatabase, byRunner, model, noFields, text } from './payload-parts.ts';

const onAgent = {
  ...byDatabase,
  target: 'agent',
  role: 'operator',
  danger: 'reversible',
} as const;

const sessionKey = (description: string) =>
  z
    .string()
    .max(500)
    .regex(/^agent:[^\s]+$/, 'the key of a session, such as agent:scout:main')
    .optional()
    .describe(description);

/** Actions on an agent. */
export const agentActions = {
  wake_agent: defineAction({
    ...byRunner,
    target: 'agent',
    title: 'Wake an agent',
    summary: 'Sends a message to an agent and waits for its answer. This spends tokens.',
    role: 'operator',
    danger: 'reversible',
    lane: 'agent',
    // A second start would do the work twice.
    retry: 'never',
    maxAttempts: 1,
    timeoutSeconds: 900,
    payload: () => z.strictObject({ message: text(8000).describe('What to say to the agent') }),
    result: () =>
      z.object({
        /** Id of the run in OpenClaw. */
        run: z.string(),
        text: z.string(),
        tools: z.array(z.string()),
        /** Null where the provider did not say. */
        tokens: z.int().nonnegative().nullable(),
        cost_usd: z.number().nonnegative().nullable(),
        tookMs: z.number().nonnegative(),
      }),
    describe: describeTurn,
  }),
  restart_session: defineAction({
    ...byRunner,
    target: 'agent',
    title: 'Restart a session',
    summary: 'Ends what an agent does in a session and begins the session anew. Its memory files stay.',
    consequence: 'A turn in progress is cut off, and the agent forgets what was said in this session.',
    role: 'operator',
    danger: 'disruptive',
    lane: 'none',
    timeoutSeconds: 120,
    payload: () =>
      z.strictObject({
        session: sessionKey('The key of the session; by default the one in which HQ wakes the agent'),
      }),
    result: () => z.object({ agent: z.string(), session: z.string() }),
    describe: ({ agent, session }) => `${agent} begins ${session} anew`,
  }),
  read_session: defineAction({
    ...byRunner,
    target: 'agent',
    title: 'Read a session',
    summary:
      'Shows the last messages of a session of an agent, with secrets redacted. Nothing is sent to the agent.',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    timeoutSeconds: 60,
    whilePaused: true,
    payload: () =>
      z.strictObject({
        session: sessionKey('The key of the session; by default the one that changed last'),
        last: z.int().min(1).max(200).default(50).describe('Number of messages, 1 to 200'),
      }),
    result: () =>
      z.object({
        agent: z.string(),
        session: z.string(),
        messages: z.int().nonnegative(),
        has_older: z.boolean(),
        /** Keys of the agent's sessions, the one that changed last first. */
        sessions: z.array(z.string()),
      }),
    describe: ({ session, messages, sessions }) =>
      `${messages} ${messages === 1 ? 'message' : 'messages'} of ${session}${sessions.length > 1 ? `; ${sessions.length} sessions` : ''}`,
  }),
  set_agent_model: defineAction({
    ...byRunner,
    target: 'agent',
    title: 'Set an agent’s model',
    summary:
      'Sets the model and the level of thinking of an agent. What is left out becomes the gateway’s default.',
    role: 'operator',
    danger: 'reversible',
    lane: 'agent',
    timeoutSeconds: 120,
    payload: () =>
      z.strictObject({
        model: model('The model, such as openai/gpt-5').optional(),
        thinking: z
          .enum(['off', 'low', 'medium', 'high', 'xhigh'])
          .optional()
          .describe('How long it thinks before it answers'),
        agent_slug: agentSlug().optional().meta({
          title: 'Agent',
          description: 'The agent again; only older clients say it here',
        }),
      }),
    result: () =>
      z.object({ agent: z.string(), model: z.string().nullable(), thinking: z.string().nullable() }),
    describe: ({ agent, model: name, thinking }) =>
      `${agent} has ${name ?? 'the default model'}${thinking === null ? '' : `, thinking ${thinking}`}`,
  }),
  set_allowed_hosts: defineAction({
    ...onAgent,
    title: 'Set allowed hosts',
    summary:
      'Sets the hosts that an agent’s commands and browser may reach. The list replaces the one before.',
    consequence: 'Whatever an agent can read, it can send to a host of this list.',
    role: 'admin',
    danger: 'disruptive',
    payload: () =>
      z.strictObject({
        hosts: z
          .array(
            z
              .string()
              .max(255)
              .regex(
                // The last label begins with a letter: otherwise it is part of an address, which no agent may reach.
                /^(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$/,
                'a host name such as pypi.org, *.github.com or example.com:8443, and no address',
              ),
          )
          .default([])
          .describe('Hosts, with commas between them, such as pypi.org,*.github.com; nothing closes all'),
      }),
    result: () => z.object({ agent: z.string(), hosts: z.array(z.string()) }),
    describe: ({ agent, hosts }) =>
      hosts.length === 0 ? `${agent} reaches no host` : `${agent} reaches ${hosts.join(', ')}`,
  }),
  pause_agent: defineAction({
    ...onAgent,
    title: 'Pause an agent',
    summary:
      'Ends an agent’s turns, stops its chat channel and keeps it from being woken until it is resumed.',
    undo: 'resume_agent',
    payload: noFields,
    result: () => z.object({ agent: z.string(), status: z.literal('paused') }),
    describe: ({ agent: slug }) => `${slug} is paused`,
  }),
  resume_agent: defineAction({
    ...onAgent,
    title: 'Resume an agent',
    summary: 'Lets a paused agent be woken and answer in its chat channel again.',
    undo: 'pause_agent',
    payload: noFields,
    result: () => z.object({ agent: z.string(), status: z.literal('ready') }),
    describe: ({ agent: slug }) => `${slug} works again`,
  }),
} as const;

function describeTurn(turn: {
  readonly text: string;
  readonly tools: readonly string[];
  readonly tokens: number | null;
  readonly cost_usd: number | null;
  readonly tookMs: number;
}): string {
  const shown = truncate(turn.text.replaceAll(/\s+/g, ' ').trim(), 200);
  const facts = [
    turn.tools.length === 0 ? '' : `${turn.tools.length} ${turn.tools.length === 1 ? 'tool' : 'tools'}`,
    turn.tokens === null ? '' : `${turn.tokens} tokens`,
    turn.cost_usd === null ? '' : `${turn.cost_usd.toFixed(4)} USD`,
    `${(turn.tookMs / 1000).toFixed(1)} s`,
  ];
  return `${shown === '' ? 'no answer' : shown} (${facts.filter(Boolean).join(', ')})`;
}
