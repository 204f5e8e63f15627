import type { Action } from './action.ts';
import { catalogue, isActionName } from './catalogue.ts';

/** The result of a command as one line; null for an unknown action and for a result that does not fit its schema. */
export function describeResult(action: string | Action, result: unknown): string | null {
  const entry = typeof action === 'string' ? entryOf(action) : action;
  const parsed = entry?.result.safeParse(result);
  return entry !== undefined && parsed?.success ? entry.describe(parsed.data) : null;
}

function entryOf(name: string): Action | undefined {
  return isActionName(name) ? catalogue[name] : undefined;
}
