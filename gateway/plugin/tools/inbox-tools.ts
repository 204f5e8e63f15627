import { z } from 'zod';
import { minute, outline, quoted, shortId } from './answer-text.ts';
import { defineTool } from './define-tool.ts';
import { id } from './parameters.ts';

const inbox = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      event: z.string(),
      status: z.string(),
      summary: z.string().nullish(),
      task_id: z.string().nullish(),
      task_title: z.string().nullish(),
      created_at: z.string(),
      attempt: z.number().nullish(),
    }),
  ),
});

type InboxItem = z.output<typeof inbox>['items'][number];

function itemLine(item: InboxItem): string {
  const task = item.task_id == null ? '' : `, task ${shortId(item.task_id)} ${quoted(item.task_title)}`;
  const summary = item.summary == null ? '' : `, ${quoted(item.summary)}`;
  const attempt = item.attempt == null || item.attempt < 1 ? '' : `, attempt ${item.attempt}`;
  const isTaken = item.status === 'leased' ? ', taken' : '';
  return `- item ${shortId(item.id)}: ${item.event}${task}${summary}${isTaken}${attempt}, since ${minute(item.created_at)}`;
}

const item = id('The item, by its id or the first eight characters of it');

export const inboxTools = [
  defineTool({
    name: 'hq_inbox',
    label: 'HQ inbox',
    description:
      'Lists what waits for you in HQ, oldest first: tasks that were given to you, comments that mention you, reviews of your work. ' +
      'Begin here when you are woken, then take one item with hq_take.',
    operation: 'inbox',
    input: z.strictObject({}),
    answer: inbox,
    text: ({ items }) =>
      items.length === 0
        ? 'Your inbox is empty.'
        : [
            `${items.length === 1 ? 'One item waits' : `${items.length} items wait`}, oldest first:`,
            ...items.map(itemLine),
          ].join('\n'),
  }),
  defineTool({
    name: 'hq_item',
    label: 'HQ inbox item',
    description:
      'Reads one item of your inbox with its task, comment or deliverable. It does not take the item.',
    operation: 'item',
    input: z.strictObject({ item }),
    answer: z.unknown(),
    text: (answer) => outline(answer),
  }),
  defineTool({
    name: 'hq_take',
    label: 'Take an HQ item',
    description:
      'Takes an item of your inbox for ten minutes, so that no other turn of yours does the same work, and returns it with what ' +
      'belongs to it. Take it again to keep it longer. End it with hq_complete or hq_fail.',
    operation: 'take_item',
    input: z.strictObject({ item }),
    arguments: (input, { sessionKey, runId }) => ({
      ...input,
      ...(sessionKey !== undefined && { session_key: sessionKey }),
      ...(runId !== undefined && { run_id: runId }),
    }),
    answer: z.looseObject({ status: z.string() }),
    text: (answer) =>
      answer.status === 'leased'
        ? `You have taken this item for ten minutes.\n${outline(answer)}`
        : 'This item was tried too often: an operator looks at it now. Leave it.',
  }),
  defineTool({
    name: 'hq_complete',
    label: 'Complete an HQ item',
    description:
      'Ends an item that you have taken, because its work is done. This does not change its task: use hq_set_task_status for that.',
    operation: 'complete_item',
    input: z.strictObject({
      item,
      summary: z.string().min(1).max(2_000).optional().describe('What you did, in one or two sentences'),
    }),
    answer: z.unknown(),
    text: () => 'The item is done and has left your inbox.',
  }),
  defineTool({
    name: 'hq_fail',
    label: 'Fail an HQ item',
    description:
      'Gives back an item that you cannot do now. It counts as an attempt: HQ gives it to you again, and to an operator after the last one.',
    operation: 'fail_item',
    input: z.strictObject({
      item,
      reason: z.string().min(1).max(1_000).describe('Why it did not work, and what would help'),
    }),
    answer: z.object({ status: z.string().nullish() }).nullish(),
    text: (answer) =>
      answer?.status === 'dead_letter'
        ? 'The item has failed too often: an operator looks at it now.'
        : 'The item failed. HQ gives it to you again later.',
  }),
];
