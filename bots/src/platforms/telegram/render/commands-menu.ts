import { chatLine, truncate } from '@hq/shared/text';
import type { BotCommand } from 'telegraf/types';
import type { CommandDescription } from '../../../contract/adapter.ts';

/** Telegram takes a hundred entries. Nobody reads them all, so everybody's menu has only what runs without another word. */
const maxCommands = { everybody: 15, own: 100 } as const;
const maxName = 32;
const maxDescription = 256;

const needsMore = ({ arguments: known }: CommandDescription): boolean =>
  known.some(({ required }) => required);

/**
 * Renders the command menu, and the path of each command in words: one that the menu does not show is understood too.
 * Telegram has no groups, so an entry is named by the last word of its path, or by the whole path if that word is
 * ambiguous. `isOwn`: the menu of one person, with all that they may do.
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
  const ordered = descriptions.toSorted(
    (one, other) => Number(needsMore(one)) - Number(needsMore(other)) || one.rank - other.rank,
  );
  for (const described of ordered) {
    const { path, summary } = described;
    const isUnique = lastWords.filter((word) => word === path.at(-1)).length === 1;
    const command = `hq_${isUnique ? path.at(-1) : path.join('_')}`;
    if (command.length > maxName || paths.has(command)) continue;
    paths.set(command, path.join(' '));
    if (commands.length < most && (isOwn || !needsMore(described))) {
      commands.push({ command, description: truncate(chatLine(summary), maxDescription) || path.join(' ') });
    }
  }
  return { commands, paths };
}
