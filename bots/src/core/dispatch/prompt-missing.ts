import type { HqError } from '@hq/shared/errors';
import type { Button, Card } from '../../contract/card.ts';
import type { Choice } from '../../contract/choice.ts';
import { type Argument, type ArgumentValues, argumentLabel, yesNoChoices } from '../../contract/command.ts';
import { toSentences } from '../cards/to-sentence.ts';
import type { Command, CommandContext } from '../commands/command.ts';
import { leaveRequest } from '../commands/leave-question.ts';
import { promptOpenMs } from '../parse/pending-prompts.ts';
import { formLifetimeSeconds } from './build-form.ts';

const maxOffered = 12;

/** The first argument to prompt for: the target before all others. Undefined if nothing is missing. */
export async function missingFirst(
  command: Command,
  values: ArgumentValues,
  { delivery, services }: Pick<CommandContext, 'delivery' | 'services'>,
): Promise<Argument | undefined> {
  const { channel } = await services.autocomplete.whoami(delivery);
  const missing = command.arguments.filter(
    ({ name, required, isTarget }) =>
      values[name] === undefined && (required || (isTarget === true && name === 'agent' && !channel.agent)),
  );
  return missing.find(({ isTarget }) => isTarget === true) ?? missing[0];
}

/**
 * Prompts for one argument: with buttons if it has few values, else with a form or a question. `problem` is the reason
 * why the value that was given is not accepted.
 */
export async function promptArgument(
  command: Command,
  argument: Argument,
  context: CommandContext,
  problem?: HqError,
): Promise<void> {
  const { delivery, services, responder, values } = context;
  const { sender } = delivery;
  const capabilities = services.capabilities(sender.platform);
  const choices = await choicesFor(context, argument);
  const offered = choices.slice(0, Math.max(0, Math.min(capabilities.maxButtons - 2, maxOffered)));
  const buttons: Button[] = offered.map(({ label, value }) =>
    services.buttons.offer(sender, {
      label,
      intent: { command: command.name, values: { ...values, [argument.name]: value } },
      user: sender.user,
      seconds: formLifetimeSeconds,
      once: true,
    }),
  );
  const hasNone = argument.completion !== null && choices.length === 0;
  const needsForm = offered.length < choices.length || offered.length === 0;
  if (capabilities.forms && needsForm) {
    buttons.push(
      services.buttons.offer(sender, {
        label: 'Fill in',
        style: 'primary',
        intent: { command: command.name, values: { ...values }, form: true },
        user: sender.user,
        seconds: formLifetimeSeconds,
      }),
    );
  }
  const leave = leaveRequest(command.title);
  buttons.push(
    services.buttons.offer(sender, {
      label: 'Cancel',
      intent: leave,
      user: sender.user,
      seconds: formLifetimeSeconds,
    }),
  );
  const card: Card = {
    title: command.title,
    tone: problem === undefined ? 'neutral' : 'warning',
    state: `${argumentLabel(argument)}?`,
    body: [
      ...(problem === undefined
        ? []
        : [{ kind: 'text' as const, text: `${services.phrase(toSentences(problem), sender)}\n` }]),
      { kind: 'text', text: `${argument.summary}.${hasNone ? ' There are none to choose from now.' : ''}` },
    ],
    buttons,
    ...(!capabilities.forms && { question: { placeholder: argumentLabel(argument) } }),
  };
  const prompt = {
    command: command.name,
    values,
    field: argument.name,
    takesWords: !capabilities.forms,
    title: command.title,
    leave,
  };
  const handle = await services.prompts.ask(sender, prompt, () => responder.replace(card));
  if (handle !== null)
    services.expiringCards.hold(sender, handle, { title: command.title, forMs: promptOpenMs });
}

async function choicesFor(
  { delivery, services }: CommandContext,
  argument: Argument,
): Promise<readonly Choice[]> {
  if (argument.choices !== undefined) return argument.choices;
  if (argument.kind === 'boolean') return yesNoChoices;
  return argument.completion === null ? [] : services.autocomplete.find(delivery, argument.completion, '');
}
