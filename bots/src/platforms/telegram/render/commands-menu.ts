import { plain } from '@hq/shared/text';
import type { CommandDescription } from '../../../contract/adapter.ts';
import { truncateEnd } from '../truncate.ts';

export interface MenuCommand {
  readonly command: string;
  readonly description: string;
}

const mostCommands = 100;

/** The command menu, and what its entries mean: Telegram knows no groups of commands, so a command is named by its last word, or by both. */
export function renderMenu(descriptions: readonly CommandDescription[]): {
  readonly commands: readonly MenuCommand[];
  readonly meanings: ReadonlyMap<string, string>;
} {
  const commands: MenuCommand[] = [{ command: 'hq', description: 'Operate HQ: what to do comes behind it' }];
  const meanings = new Map<string, string>();
  const lastWords = descriptions.map(({ path }) => path.at(-1));
  for (const { path, summary } of descriptions.toSorted((one, other) => one.rank - other.rank)) {
    const isUnique = lastWords.filter((word) => word === path.at(-1)).length === 1;
    const command = `hq_${isUnique ? path.at(-1) : path.join('_')}`;
    if (command.length > 32 || meanings.has(command)) continue;
    meanings.set(command, path.join(' '));
    if (commands.length < mostCommands) {
      commands.push({ command, description: truncateEnd(plain(summary), 256) || path.join(' ') });
    }
  }
  return { commands, meanings };
}
