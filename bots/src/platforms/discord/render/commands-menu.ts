import { plain } from '@hq/shared/text';
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
import { truncateEnd } from '../truncate.ts';
import { assignGroups, maxOptions, textFallback } from './menu-groups.ts';

export const commandName = 'hq';

/** Where a first word is a command and a group at once, the command goes by this name within the group. */
const bareName = 'show';

/** Names, descriptions and values of one command count together. */
const maxWeight = 8000;
/** How long a summary may be. */
interface Lengths {
  readonly command: number;
  readonly argument: number;
}

/** The name of an argument says most of what its summary does, so that is shortened first. */
const shorterAndShorter: readonly Lengths[] = [
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
  /** How many commands found no room. */
  readonly leftOut: number;
}

/** What can be said in words stands beside the rest, so that nothing is out of reach. */
const words: APIApplicationCommandSubcommandOption = {
  type: ApplicationCommandOptionType.Subcommand,
  name: textFallback.command,
  description: 'Says anything in words, such as: restart eu-1',
  options: [
    {
      type: ApplicationCommandOptionType.String,
      name: textFallback.option,
      description: 'What you would type elsewhere',
      required: true,
      max_length: 2000,
    },
  ],
};

/** `/hq` with a sub-command for each: summaries are cut, then the last of the commands left out, until it fits. */
export function renderCommands(commands: readonly CommandDescription[]): Registration {
  const ranked = commands.toSorted((a, b) => a.rank - b.rank);
  for (let count = ranked.length; count > 0; count -= 1) {
    const kept = ranked.slice(0, count);
    for (const lengths of shorterAndShorter) {
      const options = [...optionsOf(assignGroups(kept), lengths), words];
      if (options.length <= maxOptions && weight(options) <= maxWeight - 40) {
        return { body: commandOf(options), leftOut: ranked.length - count };
      }
    }
  }
  return { body: commandOf([words]), leftOut: ranked.length };
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

/** The path of the command that was registered under these words. */
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
        description: described(namesIn(first, commands), lengths.command),
        options: group,
      });
    }
    if (group.length < maxOptions) group.push(subcommand(second ?? bareName, command, lengths));
  }
  return top;
}

/** What a group holds says best what it is about. */
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
    description: described(summary, lengths.command),
    options: ordered.slice(0, maxOptions).map((one) => option(one, lengths.argument)),
  };
}

function option(argument: ArgumentDescription, length: number): APIApplicationCommandBasicOption {
  const { name, required, min, max, maxLength } = argument;
  const base = { name, required, description: described(argument.summary, length) };
  const range = {
    ...(min !== undefined && { min_value: min }),
    ...(max !== undefined && { max_value: max }),
  };
  switch (argument.kind) {
    case 'boolean':
      return { ...base, type: ApplicationCommandOptionType.Boolean };
    case 'integer':
      return {
        ...base,
        ...range,
        type: ApplicationCommandOptionType.Integer,
        autocomplete: argument.completes,
      };
    case 'number':
      return {
        ...base,
        ...range,
        type: ApplicationCommandOptionType.Number,
        autocomplete: argument.completes,
      };
    case 'choice': {
      const choices = (argument.choices ?? []).slice(0, maxOptions);
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        choices: choices.map(({ label, value }) => ({ name: described(label, 100), value })),
      };
    }
    case 'text':
      return {
        ...base,
        type: ApplicationCommandOptionType.String,
        autocomplete: argument.completes,
        ...(maxLength !== undefined && { max_length: Math.min(maxLength, 6000) }),
      };
  }
}

const described = (text: string, length: number): string => truncateEnd(plain(text), length) || '—';

function weight(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + weight(one), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, one]) => {
    const counts = key === 'name' || key === 'description' || key === 'value';
    return sum + (counts ? String(one).length : weight(one));
  }, 0);
}
