import type { z } from 'zod';
import { agentActions } from './entries/agent-actions.ts';
import { alertActions } from './entries/alert-actions.ts';
import { budgetActions } from './entries/budget-actions.ts';
import { deliverableActions } from './entries/deliverable-actions.ts';
import { dispatchActions } from './entries/dispatch-actions.ts';
import { gatewayActions } from './entries/gateway-actions.ts';
import { provisionActions } from './entries/provision-actions.ts';
import { questionActions } from './entries/question-actions.ts';
import { routineActions } from './entries/routine-actions.ts';
import { taskActions } from './entries/task-actions.ts';

/**
 * Everything that an operator can do. The palette, the one-shot commands, confirmations, help, the reference page and
 * the database's policy rows are generated from these entries, and the runner's handlers are typed by them.
 */
export const catalogue = {
  ...gatewayActions,
  ...agentActions,
  ...provisionActions,
  ...taskActions,
  ...deliverableActions,
  ...budgetActions,
  ...dispatchActions,
  ...routineActions,
  ...alertActions,
  ...questionActions,
} as const;

export type Catalogue = typeof catalogue;
export type ActionName = keyof Catalogue;
/** The actions that need a handler in the runner. */
export type RunnerActionName = {
  [Name in ActionName]: Catalogue[Name]['executor'] extends 'runner' ? Name : never;
}[ActionName];
export type PayloadOf<Name extends ActionName> = z.output<Catalogue[Name]['payload']>;
export type ResultOf<Name extends ActionName> = z.output<Catalogue[Name]['result']>;

export const actionNames = Object.keys(catalogue) as readonly ActionName[];

export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(catalogue, name);
}

export function isRunnerActionName(name: string): name is RunnerActionName {
  return isActionName(name) && catalogue[name].executor === 'runner';
}
