import { truncate } from '@hq/shared/text';
import type { ChatMessage, ChatReply, ChatRequest } from './model-server.ts';

const longestQuote = 200;
const internalContext = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>/g;
/** Ids of an item and its task in a line of the answer of `hq_inbox`, and the event between them. */
const itemLine = (id = '[0-9a-f]{8}') =>
  new RegExp(`\\bitem (${id}): (\\w+)(?:.*?\\btask ([0-9a-f]{8})\\b)?`);
const namedItem = /\bitem ([0-9a-f]{8})\b/;
/** Events for which it hands in a deliverable. A review of one brings the next item: that must not go on for ever. */
const assignments = ['task_assignment', 'task_reassignment'];
const time = /^\[[^\]]*\] /;
const runtime = /\n\nRuntime: agent=.*$/;
const notice = 'This is a rehearsal: a script answers here, no model.';

/** A message that orders one command, with the command. */
const order = /^run: (.+)$/s;

/**
 * Script of a rehearsal. It runs the command of a message such as `run: ls`. With HQ's tools it takes the item that the message
 * names, or the oldest of the inbox, comments on its task, hands in a deliverable for a task that it was given, and completes
 * the item; without them it repeats the message. Every text says that no model wrote it.
 */
export function rehearsalScript({ messages, tools }: ChatRequest): ChatReply {
  const lastUser = messages.findLastIndex(({ role, text }) => role === 'user' && said(text) !== '');
  const turn = messages.slice(lastUser + 1);
  const message = said(messages[lastUser]?.text ?? '');
  const command = tools.includes('exec') ? order.exec(message)?.[1] : undefined;
  if (command !== undefined) return runStep(turn, command);
  const steps = ['hq_inbox', 'hq_take', 'hq_comment', 'hq_complete'];
  if (!steps.every((name) => tools.includes(name)))
    return { text: `${notice} You wrote: ${quoted(message)}` };
  return nextStep(turn, namedItem.exec(message)?.[1], tools);
}

function runStep(turn: readonly ChatMessage[], command: string): ChatReply {
  const result = turn.findLast(({ role }) => role === 'tool');
  if (result === undefined) return { tool: 'exec', arguments: { command } };
  return { text: `${notice} The command printed:\n${result.text}` };
}

function nextStep(
  turn: readonly ChatMessage[],
  named: string | undefined,
  tools: readonly string[],
): ChatReply {
  const called = turn.flatMap(({ toolCalls }) => toolCalls);
  const result = turn.findLast(({ role }) => role === 'tool')?.text ?? '';
  const inbox = resultOf(turn, 'hq_inbox');
  const [, item, event = '', task] = itemLine(named).exec(inbox) ?? itemLine().exec(inbox) ?? [];
  switch (called.at(-1)) {
    case undefined:
      return { tool: 'hq_inbox', arguments: {} };
    case 'hq_inbox':
      return item === undefined
        ? { text: `${notice} The inbox has nothing to do.` }
        : { tool: 'hq_take', arguments: { item } };
    case 'hq_take':
      if (!result.includes('taken')) return { text: `${notice} HQ did not give the item: ${quoted(result)}` };
      return task === undefined
        ? { tool: 'hq_complete', arguments: { item, summary: notice } }
        : { tool: 'hq_comment', arguments: { task, body: `${notice} A model would have worked on it.` } };
    case 'hq_comment':
      if (assignments.includes(event) && tools.includes('hq_submit_deliverable'))
        return {
          tool: 'hq_submit_deliverable',
          arguments: { task, label: 'Result of a rehearsal', note: `${notice} Approve it, or ask again.` },
        };
      return { tool: 'hq_complete', arguments: { item, summary: notice } };
    case 'hq_submit_deliverable':
      return { tool: 'hq_complete', arguments: { item, summary: notice } };
    default:
      return { text: `${notice} It took item ${item} from the inbox and completed it.` };
  }
}

/** Returns a user's message without the parts that OpenClaw adds to it. */
function said(text: string): string {
  return text.replaceAll(internalContext, '').replace(time, '').replace(runtime, '').trim();
}

/** Returns the result of the first call of a tool. */
function resultOf(turn: readonly ChatMessage[], name: string): string {
  const call = turn.findIndex(({ toolCalls }) => toolCalls.includes(name));
  return call === -1 ? '' : (turn.slice(call).find(({ role }) => role === 'tool')?.text ?? '');
}

const quoted = (text: string): string => `"${truncate(text.replaceAll(/\s+/g, ' ').trim(), longestQuote)}"`;
