import type { Card } from '../../contract/card.ts';
import type { CommandRequest } from '../../contract/command.ts';
import { carried } from './arguments.ts';
import { defineCommand } from './define-command.ts';

/** The Cancel button of a question. Nobody types it. */
export const leaveQuestion = defineCommand({
  name: 'leave_question',
  title: 'Leave a question',
  summary: 'Leaves a question without an answer.',
  arguments: [carried('title')],
  visibility: 'everyone',
  async run({ delivery, values, services, responder }) {
    const { message } = responder;
    const isOpen = message === null || (await services.prompts.close(delivery.sender, message));
    const card = leftCard(values.title ?? '');
    await responder.replace(isOpen ? card : { ...card, state: 'no longer open' });
  },
});

export const leaveRequest = (title: string): CommandRequest => ({
  command: leaveQuestion.name,
  values: { title },
});

/** Takes the place of a question that was left. */
export const leftCard = (title: string): Card => ({
  title,
  tone: 'neutral',
  state: 'cancelled, nothing was done',
});
