import { chatLine, truncate } from '@hq/shared/text';
import type { BotCommand } from 'telegraf/types';
import type { CommandDescription } from '../../../contract/adapter.ts';

const maxCommands = 100;
const maxName = 32;
const maxDescription = 256;

/**
 * Renders the command menu, and the path of each entry in words. Telegram has no groups, so an entry is named by the
 * last word of its path, or by the whole path if that word is ambiguous.
 */
export function renderCommands(descriptions: readonly CommandDescription[]): {
  readonly commands: readonly BotCommand[];
  readonly paths: ReadonlyMap<string, string>;
} {
  const commands: BotCommand[] = [{ command: 'hq', description: 'Operate HQ: add a command' }];
  const paths = new Map<string, string>();
  const lastWords = descriptions.map(({ path }) => path.at(-1));
  for (const { path, summary } of descriptions.toSorted((one, other) => one.rank - other.rank)) {
    const isUnique = lastWords.filter((word) => word === path.at(-1)).length === 1;
    const command = `hq_${isUnique ? path.at(-1) : path.join('_')}`;
    if (command.length > maxName || paths.has(command)) continue;
    paths.set(command, path.join(' '));
    if (commands.length < maxCommands) {
      commands.push({ command, description: truncate(chatLine(summary), maxDescription) || path.join(' ') });
    }
  }
  return { commands, paths };
}
