import type { Action, PayloadField } from '@hq/shared/actions';

/** The catalogue, or one with other entries: the core knows no action by its name. */
export type ActionTable = Readonly<Record<string, Action>>;

/** An agent action says its agent once: the payload's own field for it is filled from the target. */
export function isTargetField(action: Action, field: Pick<PayloadField, 'name'>): boolean {
  return action.target === 'agent' && field.name === 'agent_slug';
}

/** The action of that name; undefined for one that only the database knows. */
export function findAction(actions: ActionTable, name: string): Action | undefined {
  return Object.hasOwn(actions, name) ? actions[name] : undefined;
}
