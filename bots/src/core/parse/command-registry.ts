import type { CommandDescription } from '../../contract/adapter.ts';
import type { Command } from '../../contract/command.ts';
import { nearestNames } from './nearest-names.ts';

/** All commands, found by what is typed. */
export interface CommandRegistry {
  readonly commands: readonly Command[];
  byName(name: string): Command | undefined;
  /** The command of a path that was picked in a menu. */
  byPath(path: readonly string[]): Command | undefined;
  /** The command that these words begin with, the longest name first, and the words behind it. */
  find(words: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } | null;
  /** The names that go on after this word, such as `set_budget` and `set_task_status` after `set`. */
  startingWith(word: string): readonly string[];
  /** Names near to a word that none has. */
  similar(word: string): readonly string[];
}

const longestName = 5;

export function createCommandRegistry(commands: readonly Command[]): CommandRegistry {
  const byName = new Map(commands.map((command) => [command.name, command]));
  const byPhrase = new Map<string, Command>();
  for (const command of commands) {
    const inGroup = command.group === null ? [] : [phraseOf([command.group, command.name])];
    for (const alias of [...command.aliases, ...inGroup]) {
      if (!byPhrase.has(alias)) byPhrase.set(alias, command);
    }
  }
  // A name is never taken by another's alias.
  for (const command of commands) byPhrase.set(command.name.replaceAll('_', ' '), command);

  return {
    commands,
    byName: (name) => byName.get(name),
    // Our own menus end in the name; what stands before it is the group, or a part of one that was full.
    byPath: (path) => byPhrase.get(phraseOf(path)) ?? byName.get(path.at(-1) ?? 'help'),
    find(words) {
      for (let count = Math.min(longestName, words.length); count > 0; count -= 1) {
        const command = byPhrase.get(phraseOf(words.slice(0, count)));
        if (command !== undefined) return { command, rest: words.slice(count) };
      }
      return null;
    },
    startingWith(word) {
      const begun = `${phraseOf([word])} `;
      return commands.map(({ name }) => name).filter((name) => name.replaceAll('_', ' ').startsWith(begun));
    },
    similar: (word) => nearestNames(phraseOf([word]), [...byPhrase.keys()]),
  };
}

/** Without what people type around it: `Restart!`, `Tasks?`. */
function phraseOf(words: readonly string[]): string {
  return words
    .map((word) => word.replaceAll(/(?<=.)[.,;:!?…]+$/gu, ''))
    .join(' ')
    .toLowerCase()
    .replaceAll(/[-_]/g, ' ');
}

/** What Discord takes in one group at most. */
const mostInGroup = 25;

/** What platforms make menus and structured options of. */
export function describeCommands(commands: readonly Command[]): CommandDescription[] {
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

/** A group that is full goes on under a name of its own. What is picked is known by its last word. */
function pathOf({ group, name }: Command, inGroup: Map<string, number>): CommandDescription['path'] {
  if (group === null) return [name];
  const before = inGroup.get(group) ?? 0;
  inGroup.set(group, before + 1);
  const part = Math.floor(before / mostInGroup);
  return [part === 0 ? group : `${group}_${part + 1}`, name];
}
