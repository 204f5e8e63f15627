import { chatLine, truncate } from '@hq/shared/text';
import type { BotCommand } from 'telegraf/types';
import type { CommandDescription } from '../../../contract/adapter.ts';

/** Telegram takes a hundred, but nobody reads them. A person's own menu has room for the actions of the role. */
const maxCommands = { everybody: 15, own: 30 } as const;
const maxName = 32;
const maxDescription = 256;

/**
 * Renders a short command menu of what runs without another word, and the path of each command in words: `/hq_pause_agent`
 * is understood though the menu does not show it, and help lists what a person may do. Telegram has no groups, so an entry is named by the
 * last word of its path, or by the whole path if that word is ambiguous.
 */
export function renderCommands(
  descriptions: readonly CommandDescription[],
  { isOwn = false }: { readonly isOwn?: boolean } = {},
): {
  readonly commands: readonly BotCommand[];
  readonly paths: ReadonlyMap<string, string>;
} {
  const commands: BotCommand[] = [{ command: 'hq', description: 'Operate HQ: add a command' }];
  const most = isOwn ? maxCommands.own : maxCommands.everybody;
  const paths = new Map<string, string>();
  const lastWords = descriptions.map(({ path }) => path.at(-1));
  for (const { path, summary, arguments: known } of descriptions.toSorted(
    (one, other) => one.rank - other.rank,
  )) {
    const isUnique = lastWords.filter((word) => word === path.at(-1)).length === 1;
    const command = `hq_${isUnique ? path.at(-1) : path.join('_')}`;
    if (command.length > maxName || paths.has(command)) continue;
    paths.set(command, path.join(' '));
    if (commands.length < most && !known.some(({ required }) => required)) {
      commands.push({ command, description: truncate(chatLine(summary), maxDescription) || path.join(' ') });
    }
  }
  return { commands, paths };
}
