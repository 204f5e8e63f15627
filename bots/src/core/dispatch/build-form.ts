import type { Handle } from '../../contract/card.ts';
import { type Argument, argumentLabel, yesNoChoices } from '../../contract/command.ts';
import type { Form, FormField } from '../../contract/form.ts';
import type { Sender } from '../../contract/inbound.ts';
import type { Intent } from '../api/chat-api.ts';
import type { Command, Services } from '../commands/command.ts';

export const formLifetimeSeconds = 600;
const mostFields = 5;

/** Builds the form for all missing values, with what was filled in before; the given values come back with its token. */
export function buildForm(
  services: Pick<Services, 'buttons'>,
  sender: Sender,
  command: Command,
  { values, filled }: Pick<Intent, 'values' | 'filled'>,
  /** The message whose button opens the form. */
  message: Handle | null,
): Form {
  const open = command.arguments.filter(
    ({ name, required, completion }) =>
      values[name] === undefined &&
      (required || completion === null || name === 'agent' || name === 'gateway'),
  );
  // The target, then required fields, then the others.
  const rank = ({ name, required, isTarget }: Argument): number =>
    isTarget === true && name === 'agent' ? 0 : required ? 1 : 2;
  const fields = open.toSorted((a, b) => rank(a) - rank(b)).slice(0, mostFields);
  return {
    token: services.buttons.token(sender, {
      intent: {
        command: command.name,
        values: { ...values },
        ...(filled && { filled }),
        ...(message !== null && { message }),
      },
      user: sender.user,
      seconds: formLifetimeSeconds,
    }),
    title: command.title,
    submit: 'Send',
    words: command.group === null ? [command.name] : [command.group, command.name],
    fields: fields.map((argument) => fieldOf(argument, filled?.[argument.name])),
  };
}

function fieldOf(argument: Argument, value: string | undefined): FormField {
  const { name, summary, required, maxLength, completion } = argument;
  const choices = argument.kind === 'boolean' ? yesNoChoices : argument.choices;
  return {
    name,
    label: argumentLabel(argument),
    hint: summary,
    kind: choices !== undefined ? 'choice' : argument.long === true ? 'paragraph' : 'text',
    required,
    ...(value !== undefined && { value }),
    ...(maxLength !== undefined && { maxLength }),
    ...(choices !== undefined && { choices }),
    completes: completion !== null,
  };
}
