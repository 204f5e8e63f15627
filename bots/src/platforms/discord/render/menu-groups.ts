import type { CommandDescription } from '../../../contract/adapter.ts';

/** Discord's limit directly under a command, and in a group. */
export const maxOptions = 25;
/** Takes a command as text, so that commands without an entry stay in reach. */
export const textFallback = { command: 'run', option: 'words' } as const;

/** The commands that people try first; they come before the others. */
export const preferredCommands = [
  'help',
  'status',
  'link',
  'unlink',
  'bind',
  'whoami',
  'cancel',
  'doctor',
] as const;
const preferred: ReadonlySet<string> = new Set(preferredCommands);
/** The group of commands that do not fit directly under `/hq`. */
const overflow = 'show';

/**
 * Keeps a command in its group, or places it directly under `/hq` while there is room, the preferred ones first. The
 * core knows a command by its last word in either place.
 */
export function assignGroups(commands: readonly CommandDescription[]): CommandDescription[] {
  const groups = new Set(commands.flatMap(({ path }) => (path.length === 2 ? [path[0]] : [])));
  const reserved = new Set([...groups, overflow, textFallback.command]);
  const nameOf = ({ path }: CommandDescription): string => path[1] ?? path[0];
  const isFree = (command: CommandDescription): boolean =>
    !reserved.has(nameOf(command)) && commands.filter((one) => nameOf(one) === nameOf(command)).length === 1;
  const first = commands
    .filter((command) => isFree(command) && (command.path.length === 1 || preferred.has(nameOf(command))))
    .toSorted(
      (a, b) => Number(preferred.has(nameOf(b))) - Number(preferred.has(nameOf(a))) || a.rank - b.rank,
    );
  const direct = new Set(first.slice(0, maxOptions - reserved.size));
  const crowdedOut = new Set(first.slice(maxOptions - reserved.size));
  return commands.map((command) => {
    if (direct.has(command)) return { ...command, path: [nameOf(command)] };
    const isMoved = crowdedOut.has(command) || command.path[0] === textFallback.command;
    if (isMoved && command.path.length === 1) return { ...command, path: [overflow, nameOf(command)] };
    return command;
  });
}
