import { chatLine, truncate } from '@hq/shared/text';
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandGroupOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  InteractionContextType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import type { ArgumentDescription, CommandDescription } from '../../../contract/adapter.ts';
import { textSize } from '../../text-size.ts';
import { assignGroups, maxOptions, textFallback } from './menu-groups.ts';

export const commandName = 'hq';

/** The name of a command within the group of the same name. */
const bareName = 'show';

/** Discord's limit for the names, descriptions and values of one command together. */
const maxWeight = 8000;
/** The longest summaries. */
interface Lengths {
  readonly command: number;
  readonly argument: number;
}

/** Tried in order; an argument's name explains most of it, so its summary is shortened first. */
const summaryLengths: readonly Lengths[] = [
  { command: 100, argument: 100 },
  { command: 100, argument: 60 },
  { command: 100, argument: 45 },
  { command: 100, argument: 30 },
  { command: 80, argument: 25 },
  { command: 60, argument: 20 },
  { command: 45, argument: 15 },
  { command: 30, argument: 10 },
  { command: 20, argument: 10 },
  { command: 10, argument: 10 },
];

type Top = APIApplicationCommandSubcommandGroupOption | APIApplicationCommandSubcommandOption;

export interface Registration {
  readonly body: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** The number of commands that did not fit. */
  readonly omitted: number;
}

const textCommand: APIApplicationCommandSubcommandOption = {
  type: ApplicationCommandOptionType.Subcommand,
  name: textFallback.command,
  description: 'Runs a command given as text, such as: restart eu-1',
  options: [
    {
      type: ApplicationCommandOptionType.String,
      name: textFallback.option,
      description: 'The command and its arguments',
      required: true,
      max_length: 2000,
    },
  ],
};

/** Renders `/hq` with a sub-command for each; shortens summaries, then omits the last commands, until it fits. */
export function renderCommands(commands: readonly CommandDescription[]): Registration {
  const ranked = commands.toSorted((a, b) => a.rank - b.rank);
  for (let count = ranked.length; count > 0; count -= 1) {
    const kept = ranked.slice(0, count);
    for (const lengths of summaryLengths) {
      const options = [...optionsOf(assignGroups(kept), lengths), textCommand];
      if (
        options.length <= maxOptions &&
        textSize(options, ['name', 'description', 'value']) <= maxWeight - 40
      ) {
        return { body: commandOf(options), omitted: ranked.length - count };
      }
    }
  }
  return { body: commandOf([textCommand]), omitted: ranked.length };
}

function commandOf(options: Top[]): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    name: commandName,
    description: 'Operate the fleet',
    options,
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
  };
}

/** Returns the path of the command that is registered under these words. */
export function pathOf(words: readonly string[]): readonly string[] {
  return words.length === 2 && words[1] === bareName ? words.slice(0, 1) : words;
}

function optionsOf(commands: readonly CommandDescription[], lengths: Lengths): Top[] {
  const groups = new Map<string, APIApplicationCommandSubcommandOption[]>();
  for (const { path } of commands) if (path.length === 2) groups.set(path[0], []);
  const top: Top[] = [];
  for (const command of commands) {
    const [first, second] = command.path;
    const group = groups.get(first);
    if (!group) {
      top.push(subcommand(first, command, lengths));
      continue;
    }
    if (group.length === 0) {
      top.push({
        type: ApplicationCommandOptionType.SubcommandGroup,
        name: first,
        description: describe(namesIn(first, commands), lengths.command),
        options: group,
      });
    }
    if (group.length < maxOptions) group.push(subcommand(second ?? bareName, command, lengths));
  }
  return top;
}

/** Describes a group by its commands. */
function namesIn(group: string, commands: readonly CommandDescription[]): string {
  return commands
    .flatMap(({ path }) => (path[0] === group && path[1] !== undefined ? [path[1].replaceAll('_', ' ')] : []))
    .join(', ');
}

function subcommand(
  name: string,
  { summary, arguments: known }: CommandDescription,
  lengths: Lengths,
): APIApplicationCommandSubcommandOption {
  const ordered = known.toSorted((a, b) => Number(b.required) - Number(a.required));
  return {
    type: ApplicationCommandOptionType.Subcommand,
    name,
    description: describe(summary, lengths.command),
    options: ordered.slice(0, maxOptions).map((one) => option(one, lengths.argument)),
  };
}

function option(argument: ArgumentDescription, length: number): APIApplicationCommandBasicOption {
  const { name, required, min, max, maxLength } = argument;
  const base = { name, required, description: describe(argument.summary, length) };
  const range = {
    ...(min !== undefined && { min_value: min }),
    ...(max !== undefined && { max_value: max }),
  };
  const type = ApplicationCommandOptionType;
  const autocomplete = argument.completes;
  switch (argument.kind) {
    case 'boolean':
      return { ...base, type: type.Boolean };
    case 'integer':
      return { ...base, ...range, type: type.Integer, autocomplete };
    case 'number':
      return { ...base, ...range, type: type.Number, autocomplete };
    case 'choice': {
      const choices = (argument.choices ?? []).slice(0, maxOptions);
      return {
        ...base,
        type: type.String,
        choices: choices.map(({ label, value }) => ({ name: describe(label, 100), value })),
      };
    }
    case 'text': {
      const max_length = maxLength === undefined ? undefined : Math.min(maxLength, 6000);
      return { ...base, type: type.String, autocomplete, ...(max_length !== undefined && { max_length }) };
    }
  }
}

const describe = (text: string, length: number): string => truncate(chatLine(text), length) || '—';
