import { nearestNames } from '@hq/shared/text';
import type { CommandDescription } from '../../contract/adapter.ts';
import type { CommandDefinition } from '../../contract/command.ts';

export interface FoundCommand<C> {
  readonly command: C;
  readonly rest: readonly string[];
}

/** Words of the longest command name. */
const longestName = 5;

export type CommandRegistry<C extends CommandDefinition = CommandDefinition> = ReturnType<
  typeof createCommandRegistry<C>
>;

/** Finds commands by typed words or picked menu paths. */
export function createCommandRegistry<C extends CommandDefinition>(commands: readonly C[]) {
  const byName = new Map(commands.map((command) => [command.name, command]));
  const byPhrase = new Map<string, C>();
  for (const command of commands) {
    const inGroup = command.group === null ? [] : [phraseOf([command.group, command.name])];
    for (const alias of [...command.aliases, ...inGroup]) {
      if (!byPhrase.has(alias)) byPhrase.set(alias, command);
    }
  }
  // Names win over other commands' aliases.
  for (const command of commands) byPhrase.set(command.name.replaceAll('_', ' '), command);

  return {
    commands,
    byName: (name: string): C | undefined => byName.get(name),
    /** The command of a menu path, which ends in the name, after the group or one part of a group that was too long. */
    byPath: (path: readonly string[]): C | undefined =>
      byPhrase.get(phraseOf(path)) ?? byName.get(path.at(-1) ?? 'help'),
    /** The command that these words begin with, longest name first, and the remaining words. */
    find(words: readonly string[]): FoundCommand<C> | null {
      for (let count = Math.min(longestName, words.length); count > 0; count -= 1) {
        const command = byPhrase.get(phraseOf(words.slice(0, count)));
        if (command !== undefined) return { command, rest: words.slice(count) };
      }
      return null;
    },
    /** Names that continue this word, such as `set_budget` and `set_task_status` for `set`. */
    startingWith(word: string): readonly string[] {
      const prefix = `${phraseOf([word])} `;
      return commands.map(({ name }) => name).filter((name) => name.replaceAll('_', ' ').startsWith(prefix));
    },
    /** Names that a misspelt word may stand for. */
    similar: (word: string): readonly string[] => nearestNames(phraseOf([word]), [...byPhrase.keys()]),
  };
}

/** Lower-case words without trailing punctuation: `Restart!` and `Tasks?` are commands too. */
function phraseOf(words: readonly string[]): string {
  return words
    .map((word) => word.replaceAll(/(?<=.)[.,;:!?…]+$/gu, ''))
    .join(' ')
    .toLowerCase()
    .replaceAll(/[-_]/g, ' ');
}

/** Discord's limit for one group. */
const maxInGroup = 25;

/** Describes the commands for the platforms' menus and structured options. */
export function describeCommands(commands: readonly CommandDefinition[]): CommandDescription[] {
  const inGroup = new Map<string, number>();
  return commands
    .filter(({ isTypedOnly }) => isTypedOnly !== true)
    .map((command) => ({
      path: pathOf(command, inGroup),
      summary: command.summary,
      rank: command.rank,
      arguments: command.arguments
        .toSorted((a, b) => Number(b.required) - Number(a.required))
        .map(
          ({
            completion,
            label: _label,
            unit: _unit,
            rest: _rest,
            long: _long,
            isTarget: _isTarget,
            ...argument
          }) => ({
            ...argument,
            completes: completion !== null,
          }),
        ),
    }));
}

/** A full group continues under a numbered name; the last word of a path identifies the command. */
function pathOf(
  { group, name }: CommandDefinition,
  inGroup: Map<string, number>,
): CommandDescription['path'] {
  if (group === null) return [name];
  const before = inGroup.get(group) ?? 0;
  inGroup.set(group, before + 1);
  const part = Math.floor(before / maxInGroup);
  return [part === 0 ? group : `${group}_${part + 1}`, name];
}
