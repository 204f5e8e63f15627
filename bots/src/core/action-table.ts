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

/** The values that name the target of an action; none for an action without one. */
export function targetValues(
  { target }: Pick<Action, 'target'>,
  known: { readonly gateway: string | null | undefined; readonly agent: string | null },
): Record<string, string> {
  const name = target === 'workspace' ? null : known[target];
  return name ? { [target]: name } : {};
}
