import type { Asked, House } from './asked.ts';
import type { Button } from './card.ts';
import type { Argument, Command } from './command.ts';
import type { Form, FormField } from './form.ts';
import type { Choice, Speaker } from './inbound.ts';

const openForSeconds = 600;
const mostFields = 5;

/** The form that asks for what was not said, with what was said already beside it. */
export function formFor(
  house: Pick<House, 'buttons'>,
  speaker: Speaker,
  command: Command,
  values: Readonly<Record<string, string>>,
): Form {
  const open = command.arguments.filter(
    ({ name, required, completion }) =>
      values[name] === undefined &&
      (required || completion === null || name === 'agent' || name === 'gateway'),
  );
  const fields = open.toSorted((a, b) => Number(b.required) - Number(a.required)).slice(0, mostFields);
  return {
    token: house.buttons.token(speaker, {
      intent: { command: command.name, values: { ...values } },
      user: speaker.user,
      seconds: openForSeconds,
    }),
    title: command.title,
    submit: 'Send',
    fields: fields.map((argument) => fieldOf(command, argument)),
  };
}

function fieldOf(command: Command, argument: Argument): FormField {
  const { name, summary, required, choices, maxLength, completion } = argument;
  const words = command.group === null ? [command.name] : [command.group, command.name];
  return {
    name,
    label: titled(name),
    hint: summary,
    kind: choices !== undefined ? 'choice' : argument.long === true ? 'paragraph' : 'text',
    required,
    ...(maxLength !== undefined && { maxLength }),
    ...(choices !== undefined && { choices }),
    ...(argument.kind === 'boolean' && {
      kind: 'choice' as const,
      choices: [
        { label: 'yes', value: 'true' },
        { label: 'no', value: 'false' },
      ],
    }),
    ...(completion !== null && { completes: { words } }),
  };
}

/** Asks for one argument: by buttons where its values are few, and by a form or a question. */
export async function askForArgument(asked: Asked, command: Command, argument: Argument): Promise<void> {
  const { said, house, values } = asked;
  const { speaker } = said;
  const capabilities = house.capabilities(speaker.platform);
  const choices = await choicesFor(asked, argument);
  const offered = choices.slice(0, Math.max(0, Math.min(capabilities.maxButtons - 1, 12)));
  const buttons: Button[] = offered.map(({ label, value }) =>
    house.buttons.offer(speaker, {
      label,
      intent: { command: command.name, values: { ...values, [argument.name]: value } },
      user: speaker.user,
      seconds: openForSeconds,
      once: true,
    }),
  );
  const needsForm = offered.length < choices.length || offered.length === 0;
  if (capabilities.forms && needsForm) {
    buttons.push(
      house.buttons.offer(speaker, {
        label: 'Fill in',
        style: 'primary',
        intent: { command: command.name, values: { ...values }, form: true },
        user: speaker.user,
        seconds: openForSeconds,
      }),
    );
  }
  if (!capabilities.forms) {
    house.questions.put(speaker, { command: command.name, values, field: argument.name });
  }
  await asked.replace({
    title: command.title,
    tone: 'neutral',
    state: `which ${titled(argument.name).toLowerCase()}?`,
    body: [{ kind: 'text', text: argument.summary }],
    buttons,
    ...(!capabilities.forms && { question: { placeholder: argument.summary } }),
  });
}

async function choicesFor({ said, house }: Asked, argument: Argument): Promise<readonly Choice[]> {
  if (argument.choices !== undefined) return argument.choices;
  if (argument.kind === 'boolean') {
    return [
      { label: 'yes', value: 'true' },
      { label: 'no', value: 'false' },
    ];
  }
  return argument.completion === null ? [] : house.names.find(said, argument.completion, '');
}

function titled(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
