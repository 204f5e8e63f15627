import type { ActionTable } from '../action-table.ts';
import type { Command } from '../command.ts';
import { alertButtons } from './alert-buttons.ts';
import { alerts } from './alerts.ts';
import { cancel } from './cancel.ts';
import { commandCommands } from './commands.ts';
import { deciding } from './deciding.ts';
import { deliverableCommands } from './deliverables.ts';
import { fleetCommands } from './fleet.ts';
import { help } from './help.ts';
import { inbox } from './inbox.ts';
import { logCommands } from './logs.ts';
import { moneyCommands } from './money.ts';
import { people } from './people.ts';
import { stackCommands } from './stack.ts';
import { subscribing } from './subscribing.ts';
import { taskCommands } from './tasks.ts';
import { verbCommands } from './verbs.ts';

/** What can be said besides the actions of the catalogue. */
export function ownCommands(actions: ActionTable): Command[] {
  return [
    help,
    ...fleetCommands,
    ...commandCommands,
    ...taskCommands,
    ...deliverableCommands,
    inbox,
    ...moneyCommands(actions),
    alerts,
    ...subscribing,
    ...stackCommands,
    ...logCommands(actions),
    ...people,
    cancel,
    ...verbCommands(actions),
  ];
}

/** What buttons say and nobody types. */
export const internalCommands: readonly Command[] = [...deciding, ...alertButtons];
