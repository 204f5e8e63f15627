import type { SessionToRead, SessionTranscript } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { truncate } from '@hq/shared/text';
import { z } from 'zod';
import type { AgentsContext } from './context.ts';
import { findOwn } from './find-own.ts';
import { request } from './openclaw-calls.ts';

const mostSessions = 20;
/** Bytes of one answer of OpenClaw, and UTF-16 units of one message of the answer here. */
const mostBytes = 1_000_000;
const longestMessage = 4_000;

const sessionList = z.object({
  sessions: z.array(z.object({ key: z.string(), updatedAt: z.number().nullish() })),
});

const part = z.looseObject({ type: z.string(), text: z.string().optional(), name: z.string().optional() });
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(part)]).catch(''),
  timestamp: z.number().optional().catch(undefined),
  toolName: z.string().optional().catch(undefined),
});
const history = z.object({ messages: z.array(message), hasMore: z.boolean().optional() });
type Message = z.output<typeof message>;

/** Returns the newest messages of a session, which changes nothing there. Throws `not_found` where the agent has none. */
export async function readSession(
  context: AgentsContext,
  slug: string,
  { sessionKey, last }: SessionToRead,
): Promise<SessionTranscript> {
  const id = await findOwn(context, slug);
  const openclaw = context.openclaw();
  const { sessions } = await request(openclaw, sessionList, {
    method: 'sessions.list',
    params: { agentId: id, sortBy: 'updatedAt' },
  });
  const own = sessions
    .filter(({ key }) => key.startsWith(`agent:${id}:`))
    .sort((a, b) => (b.updatedAt ?? 0) - (a.updatedAt ?? 0))
    .map(({ key }) => key);
  const key = sessionKey ?? own[0];
  if (key === undefined) {
    throw new HqError('not_found', `${slug} has no session yet.`, { hint: 'Wake it, or write to it.' });
  }
  if (!own.includes(key)) {
    throw new HqError('not_found', `${slug} has no session ${key}.`, {
      hint: own.length === 0 ? 'It has none yet.' : `It has ${own.slice(0, 5).join(', ')}.`,
      field: 'session',
    });
  }
  const { messages, hasMore } = await request(openclaw, history, {
    method: 'chat.history',
    params: { sessionKey: key, limit: last, maxBytes: mostBytes, maxChars: longestMessage },
  });
  return {
    sessionKey: key,
    messages: messages.slice(-last).flatMap(asShown),
    hasOlder: hasMore === true || messages.length > last,
    sessions: own.slice(0, mostSessions),
  };
}

const roles: ReadonlyMap<string, SessionTranscript['messages'][number]['role']> = new Map([
  ['user', 'user'],
  ['assistant', 'agent'],
  ['toolResult', 'tool'],
  ['tool', 'tool'],
]);

/** Leaves out messages without a text or a tool, such as thoughts. */
function asShown({ role, content, timestamp, toolName }: Message): SessionTranscript['messages'] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const text = parts
    .flatMap((one) => (one.type === 'text' && one.text !== undefined ? one.text : []))
    .join('\n')
    .trim();
  const called = parts.flatMap(({ type, name }) => (/^tool_?call$/i.test(type) ? (name ?? []) : []));
  const tools = toolName === undefined ? called : [toolName, ...called];
  if (text === '' && tools.length === 0) return [];
  const at = timestamp === undefined ? null : new Date(timestamp).toISOString();
  return [{ role: roles.get(role) ?? 'system', at, text: truncate(text, longestMessage), tools }];
}
