import type { Card } from '../../contract/card.ts';
import type { FormErrors } from '../../contract/form.ts';
import type { Sender } from '../../contract/inbound.ts';
import type { Intent } from '../api/chat-api.ts';
import { linesOf, text } from '../cards/card-parts.ts';
import type { Command, Services } from '../commands/command.ts';
import { formLifetimeSeconds } from './build-form.ts';

/** A form with wrong values: nothing was done, and it can be corrected. */
export class RejectedForm extends Error {
  readonly command: Command;
  /** Opens the form again with the values as they were written. */
  readonly intent: Intent;
  readonly errors: FormErrors;

  constructor(command: Command, intent: Intent, errors: FormErrors) {
    super('a form has wrong values');
    this.command = command;
    this.intent = intent;
    this.errors = errors;
  }
}

/** Shows the errors where the form itself cannot, with a button that opens it again. */
export function rejectionCard(
  { command, intent, errors }: RejectedForm,
  sender: Sender,
  { buttons }: Pick<Services, 'buttons'>,
): Card {
  const edit = buttons.offer(sender, {
    label: 'Edit',
    style: 'primary',
    intent,
    user: sender.user,
    seconds: formLifetimeSeconds,
  });
  return {
    title: command.title,
    tone: 'warning',
    state: 'nothing was done yet',
    body: linesOf(Object.values(errors).map((reason) => [text(reason)])),
    buttons: [edit],
  };
}
