import type { ActionTable } from '../action-table.ts';
import type { Command } from '../command.ts';
import { cancel } from './cancel.ts';
import { deciding } from './deciding.ts';
import { help } from './help.ts';
import { people } from './people.ts';
import { verbCommands } from './verbs.ts';

/** What can be said besides the actions of the catalogue. */
export function ownCommands(actions: ActionTable): Command[] {
  return [help, ...people, cancel, ...verbCommands(actions)];
}

/** What buttons say and nobody types. */
export const internalCommands: readonly Command[] = deciding;
