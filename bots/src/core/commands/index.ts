import type { ActionTable } from '../action-table.ts';
import { accountCommands } from './accounts.ts';
import { alertButtonCommands } from './alert-button-commands.ts';
import { cancel } from './cancel.ts';
import type { Command } from './command.ts';
import { confirmCommands } from './confirm.ts';
import { help } from './help.ts';
import { leaveQuestion } from './leave-question.ts';
import { logCommands } from './logs.ts';
import { alerts } from './queries/alerts.ts';
import { budgetCommands } from './queries/budgets.ts';
import { commandCommands } from './queries/commands.ts';
import { deliverableCommands } from './queries/deliverables.ts';
import { fleetCommands } from './queries/fleet.ts';
import { inbox } from './queries/inbox.ts';
import { needs } from './queries/needs.ts';
import { stackCommands } from './queries/stack.ts';
import { subscriptionCommands } from './queries/subscriptions.ts';
import { taskCommands } from './queries/tasks.ts';
import { verbCommands } from './verb-aliases.ts';

/** The commands beside the actions of the catalogue. */
export function builtInCommands(actions: ActionTable): Command[] {
  return [
    help,
    ...fleetCommands,
    ...commandCommands,
    ...taskCommands,
    ...deliverableCommands,
    inbox,
    needs,
    ...budgetCommands(actions),
    alerts,
    ...subscriptionCommands,
    ...stackCommands,
    ...logCommands(actions),
    ...accountCommands,
    cancel,
    ...verbCommands(actions),
  ];
}

/** The commands of buttons, which nobody types. */
export const buttonCommands: readonly Command[] = [...confirmCommands, leaveQuestion, ...alertButtonCommands];
