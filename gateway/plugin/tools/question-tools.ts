import { HqError } from '@hq/shared/errors';
import { sleep } from '@hq/shared/program';
import { z } from 'zod';
import { defineTool, type FollowUp } from './define-tool.ts';
import { id, taskId } from './parameters.ts';

/** Milliseconds between two looks for the answer: a turn goes on within a second of it. */
const pauseMs = 400;
const usualSeconds = 45;

const question = z.looseObject({
  id: z.string(),
  status: z.enum(['open', 'answered', 'expired']),
  answer: z.string().nullish(),
  answered_by: z.string().nullish(),
});

/** Looks for the answer until the time is over. From then on the answer comes to the inbox. */
const waitForAnswer: FollowUp = async (asked, { args, call, signal }) => {
  const { id: questionId, status } = question.parse(asked);
  if (status !== 'open') return asked;
  const until = performance.now() + z.number().parse(args.wait_seconds) * 1000;
  while (performance.now() < until && signal?.aborted !== true) {
    await sleep(pauseMs, signal);
    const now = await look(() => call('answer', { question: questionId }));
    if (now !== null && question.parse(now).status !== 'open') return now;
  }
  // Also for a turn that was aborted: nobody takes the answer in it any more.
  return await call('answer', { question: questionId, stop: true });
};

/** Returns null while the database is away: the question is asked, so the next look may succeed. */
async function look(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HqError && ['unreachable', 'timed_out', 'cancelled'].includes(error.code))
      return null;
    throw error;
  }
}

export const questionTools = [
  defineTool({
    name: 'hq_ask_operator',
    label: 'Ask the operators',
    description:
      'Asks the people who operate you something that you may not or cannot decide yourself, and waits a little for the answer. ' +
      'One question at a time, with choices where you can. Ask before what cannot be undone; decide small things yourself.',
    operation: 'ask',
    input: z.strictObject({
      question: z.string().min(1).max(2_000).describe('The question, with what they need to know to decide'),
      choices: z
        .array(z.string().min(1).max(60))
        .max(6)
        .optional()
        .describe('Possible answers, each in a few words; they become buttons'),
      free_text: z.boolean().optional().describe('Whether another answer is possible. By default it is'),
      task: taskId.optional(),
      item: id('The inbox item that it is about; by default the one that you have taken').optional(),
      wait_seconds: z
        .int()
        .min(0)
        .max(120)
        .default(usualSeconds)
        .describe('Seconds to wait for the answer in this turn'),
    }),
    arguments: (input, { sessionKey }) => ({
      ...input,
      ...(sessionKey !== undefined && { session_key: sessionKey }),
    }),
    followUp: waitForAnswer,
    answer: question,
    text: ({ status, answer, answered_by: by }) => {
      if (status === 'answered') return `The answer of ${by ?? 'an operator'}: ${answer ?? ''}`;
      if (status === 'expired') return 'Nobody answered this question in time. Decide yourself, or leave it.';
      return (
        'Nobody has answered yet. Do not guess the answer, and do not ask again. If you cannot go on without it, end your turn now ' +
        'without completing or failing your item: you are woken with the answer.'
      );
    },
  }),
];
