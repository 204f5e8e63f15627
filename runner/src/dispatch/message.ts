import { plainLine, plainLines, truncate } from '@hq/shared/text';
import type { InboxItem } from './exchange.ts';

/** In UTF-16 units. */
const longestText = 12_000;
const longestLine = 500;

/** Sentences for the events, for an agent that reads the item for the first time. */
const events: Readonly<Record<string, string>> = {
  task_assignment: 'A task was given to you.',
  task_reassignment: 'A task of somebody else was given to you.',
  task_comment_mention: 'Somebody mentions you in a comment.',
  task_overdue: 'A task of yours is overdue.',
  deliverable_review: 'Somebody has reviewed what you handed in.',
  blocker_resolved: 'What held up a task of yours is done.',
  routine_schedule: 'A routine of yours is due.',
  routine_event: 'Something happened that a routine of yours waits for.',
  question_answer: 'A question of yours was answered.',
};

/** Returns the message that begins the turn for an item: what it is about, and how to end it. */
export function turnMessage(item: InboxItem): string {
  const id = item.id.slice(0, 8);
  const parts = [
    `This turn is for item ${id} of your HQ inbox, and for no other. ${events[item.event] ?? `Its event is ${line(item.event)}.`}`,
    about(item),
    `The item is held for you in this turn already; hq_take with ${id} holds it for ten minutes more. When its work is done, call ` +
      `hq_complete with ${id} and one sentence that says what is different now. If you cannot do it, call hq_fail with ${id} and ` +
      'the reason. A turn that ends without either has failed, and the item comes back.',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function about({ summary, task, comment, deliverable, context }: InboxItem): string {
  const lines = [
    ...(summary == null || summary === task?.title ? [] : [`Summary: ${line(summary)}`]),
    ...(task == null ? [] : linesOfTask(task)),
    ...(comment == null ? [] : [`Comment ${comment.id.slice(0, 8)}:`, quoted(comment.body)]),
    ...(deliverable == null ? [] : linesOfDeliverable(deliverable)),
    ...(typeof context?.last_failure === 'string'
      ? [`The last attempt failed: ${line(context.last_failure)}`]
      : []),
    ...answersIn(context?.answers),
  ];
  return lines.filter((part) => part !== '').join('\n');
}

function linesOfTask({ id, title, description, ...facts }: NonNullable<InboxItem['task']>): string[] {
  const { status, priority, due } = facts;
  const known = [
    ...(status == null ? [] : [status]),
    ...(priority == null ? [] : [`priority ${priority}`]),
    ...(due == null ? [] : [`due ${due}`]),
  ];
  const inBrackets = known.length === 0 ? '' : ` (${known.join(', ')})`;
  return [`Task ${id.slice(0, 8)}: ${line(title ?? '')}${inBrackets}`, quoted(description)];
}

function linesOfDeliverable({ id, label, url, ...review }: NonNullable<InboxItem['deliverable']>): string[] {
  const where = url == null ? '' : `, ${line(url)}`;
  return [
    `Deliverable ${id.slice(0, 8)}: ${line(label ?? '')}${where}, ${line(review.review_status ?? 'not reviewed')}`,
    quoted(review.review_note),
  ];
}

function answersIn(answers: unknown): string[] {
  if (!Array.isArray(answers) || answers.length === 0) return [];
  return ['Answers to your questions:', quoted(JSON.stringify(answers, null, 1))];
}

const line = (text: string): string => truncate(plainLine(text), longestLine);

/** Marks a text of somebody else at the beginning of each line. */
function quoted(text: string | null | undefined): string {
  if (text == null || text.trim() === '') return '';
  return truncate(plainLines(text), longestText).replaceAll(/^/gm, '> ');
}
