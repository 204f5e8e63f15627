import type { Button } from '../../contract/card.ts';
import { type Argument, type Command, labelOf, yesOrNo } from '../../contract/command.ts';
import type { Asked } from '../../contract/command-context.ts';
import type { Choice } from '../../contract/inbound.ts';
import { formOpenForSeconds } from './build-form.ts';

const mostOffered = 12;

/** Asks for the first thing that is lacking, whom it is about before all else. */
export async function askForMissing(asked: Asked, command: Command): Promise<void> {
  const { said, house, values } = asked;
  const { channel } = await house.names.who(said);
  const lacking = command.arguments.filter(
    ({ name, required, isTarget }) =>
      values[name] === undefined && (required || (isTarget === true && name === 'agent' && !channel.agent)),
  );
  const first = lacking.find(({ isTarget }) => isTarget === true) ?? lacking[0];
  await (first === undefined ? command.run(asked) : askForArgument(asked, command, first));
}

/** Asks for one argument: by buttons where its values are few, and by a form or a question. */
export async function askForArgument(asked: Asked, command: Command, argument: Argument): Promise<void> {
  const { said, house, values } = asked;
  const { speaker } = said;
  const capabilities = house.capabilities(speaker.platform);
  const choices = await choicesFor(asked, argument);
  const offered = choices.slice(0, Math.max(0, Math.min(capabilities.maxButtons - 1, mostOffered)));
  const buttons: Button[] = offered.map(({ label, value }) =>
    house.buttons.offer(speaker, {
      label,
      intent: { command: command.name, values: { ...values, [argument.name]: value } },
      user: speaker.user,
      seconds: formOpenForSeconds,
      once: true,
    }),
  );
  const hasNone = argument.completion !== null && choices.length === 0;
  const needsForm = offered.length < choices.length || offered.length === 0;
  if (capabilities.forms && needsForm) {
    buttons.push(
      house.buttons.offer(speaker, {
        label: 'Fill in',
        style: 'primary',
        intent: { command: command.name, values: { ...values }, form: true },
        user: speaker.user,
        seconds: formOpenForSeconds,
      }),
    );
  }
  if (!capabilities.forms) {
    house.questions.put(speaker, { command: command.name, values, field: argument.name });
  }
  await asked.replace({
    title: command.title,
    tone: 'neutral',
    state: `${labelOf(argument)}?`,
    body: [{ kind: 'text', text: `${argument.summary}.${hasNone ? ' There is none to pick now.' : ''}` }],
    buttons,
    ...(!capabilities.forms && { question: { placeholder: labelOf(argument) } }),
  });
}

async function choicesFor({ said, house }: Asked, argument: Argument): Promise<readonly Choice[]> {
  if (argument.choices !== undefined) return argument.choices;
  if (argument.kind === 'boolean') return yesOrNo;
  return argument.completion === null ? [] : house.names.find(said, argument.completion, '');
}
