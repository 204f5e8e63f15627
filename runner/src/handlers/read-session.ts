import type { SessionTranscript } from '@hq/shared/agents';
import type { Handler } from '../handler.ts';
import { slugOf } from './agents.ts';

/** Bytes of output that a command keeps, less some for marks. */
const mostOutput = 200_000;

/** Writes a session into the output of the command, oldest message first. The output redacts secrets. */
export const readSession: Handler<'read_session'> = async ({ session, last }, context) => {
  const { agents, output, progress, signal } = context;
  const slug = slugOf(context);
  await agents.untilReady((sentence) => progress(null, sentence), signal);
  const transcript = await agents.readSession(slug, { sessionKey: session, last }, signal);
  const shown = newestWithin(transcript.messages.map((message) => textOf(message, slug)));
  const hasOlder = transcript.hasOlder || shown.length < transcript.messages.length;
  if (hasOlder) output.line('[older messages are left out]', 'stderr');
  for (const text of shown) output.line(text);
  return {
    agent: slug,
    session: transcript.sessionKey,
    messages: shown.length,
    has_older: hasOlder,
    sessions: [...transcript.sessions],
  };
};

function newestWithin(texts: readonly string[]): readonly string[] {
  let bytes = 0;
  const first = texts.findLastIndex((text) => {
    bytes += Buffer.byteLength(text) + 1;
    return bytes > mostOutput;
  });
  return texts.slice(first + 1);
}

function textOf({ role, at, text, tools }: SessionTranscript['messages'][number], slug: string): string {
  const who = role === 'agent' ? slug : role;
  const time = at === null ? '' : `${at.slice(0, 19).replace('T', ' ')} `;
  const named = tools.map((tool) => ` [${tool}]`).join('');
  const lines = text === '' ? [] : text.split('\n').map((line) => `  ${line}`);
  return [`${time}${who}${named}`, ...lines].join('\n');
}
