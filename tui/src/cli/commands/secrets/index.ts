import type { AddCommand } from '../../command.ts';
import { addDelete } from './delete.ts';
import { addList } from './list.ts';
import { addNote } from './note.ts';
import { addRekey } from './rekey.ts';
import { addRotate, addSet } from './set.ts';

/** `hq-tui secrets …`. An argument behind a key may be a value, so no message repeats an argument. */
export const addSecrets: AddCommand = (parent, console) => {
  const secrets = parent
    .command('secrets')
    .description('credentials of gateways and agents; values are never shown');
  for (const add of [addList, addSet, addRotate, addNote, addDelete, addRekey]) add(secrets, console);
};
