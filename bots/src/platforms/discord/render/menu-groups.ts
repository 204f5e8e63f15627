import type { CommandDescription } from '../../../contract/adapter.ts';

/** What Discord takes directly under a command, and in a group. */
export const maxOptions = 25;
/** Says anything in words: what found no place, too. */
export const textFallback = { command: 'run', option: 'words' } as const;

/** What people try before they have looked at anything; it stands first wherever it belongs. */
const expected = new Set(['help', 'status', 'link', 'unlink', 'bind', 'whoami', 'cancel', 'doctor']);
/** The group of those that found no room directly under the command. */
const elsewhere = 'show';

/**
 * Where each command stands: under its group, or directly under `/hq` for as long as there is room, those that people expect there
 * before the others. The core knows a command by the last word, wherever it stood.
 */
export function assignGroups(commands: readonly CommandDescription[]): CommandDescription[] {
  const groups = new Set(commands.flatMap(({ path }) => (path.length === 2 ? [path[0]] : [])));
  const taken = new Set([...groups, elsewhere, textFallback.command]);
  const nameOf = ({ path }: CommandDescription): string => path[1] ?? path[0];
  const isFree = (command: CommandDescription): boolean =>
    !taken.has(nameOf(command)) && commands.filter((one) => nameOf(one) === nameOf(command)).length === 1;
  const first = commands
    .filter((command) => isFree(command) && (command.path.length === 1 || expected.has(nameOf(command))))
    .toSorted((a, b) => Number(expected.has(nameOf(b))) - Number(expected.has(nameOf(a))) || a.rank - b.rank);
  const direct = new Set(first.slice(0, maxOptions - taken.size));
  const crowded = new Set(first.slice(maxOptions - taken.size));
  return commands.map((command) => {
    if (direct.has(command)) return { ...command, path: [nameOf(command)] };
    const isInTheWay = crowded.has(command) || command.path[0] === textFallback.command;
    if (isInTheWay && command.path.length === 1) return { ...command, path: [elsewhere, nameOf(command)] };
    return command;
  });
}
