import type { Button } from '../../contract/card.ts';
import { type Argument, argumentLabel, type Command, yesNoChoices } from '../../contract/command.ts';
import type { CommandContext } from '../../contract/command-context.ts';
import type { Choice } from '../../contract/inbound.ts';
import { formLifetimeSeconds } from './build-form.ts';

const mostOffered = 12;

/** Asks for the first thing that is lacking, whom it is about before all else. */
export async function promptMissing(context: CommandContext, command: Command): Promise<void> {
  const { delivery, services, values } = context;
  const { channel } = await services.autocomplete.whoami(delivery);
  const lacking = command.arguments.filter(
    ({ name, required, isTarget }) =>
      values[name] === undefined && (required || (isTarget === true && name === 'agent' && !channel.agent)),
  );
  const first = lacking.find(({ isTarget }) => isTarget === true) ?? lacking[0];
  await (first === undefined ? command.run(context) : promptArgument(context, command, first));
}

/** Asks for one argument: by buttons where its values are few, and by a form or a question. */
export async function promptArgument(
  context: CommandContext,
  command: Command,
  argument: Argument,
): Promise<void> {
  const { delivery, services, values } = context;
  const { sender } = delivery;
  const capabilities = services.capabilities(sender.platform);
  const choices = await choicesFor(context, argument);
  const offered = choices.slice(0, Math.max(0, Math.min(capabilities.maxButtons - 1, mostOffered)));
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
  if (!capabilities.forms) {
    services.prompts.put(sender, { command: command.name, values, field: argument.name });
  }
  await context.replace({
    title: command.title,
    tone: 'neutral',
    state: `${argumentLabel(argument)}?`,
    body: [{ kind: 'text', text: `${argument.summary}.${hasNone ? ' There is none to pick now.' : ''}` }],
    buttons,
    ...(!capabilities.forms && { question: { placeholder: argumentLabel(argument) } }),
  });
}

async function choicesFor(
  { delivery, services }: CommandContext,
  argument: Argument,
): Promise<readonly Choice[]> {
  if (argument.choices !== undefined) return argument.choices;
  if (argument.kind === 'boolean') return yesNoChoices;
  return argument.completion === null ? [] : services.autocomplete.find(delivery, argument.completion, '');
}
