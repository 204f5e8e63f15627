import type { Action } from './action.ts';
import { catalogue, isActionName } from './catalogue.ts';

/** The result of a command as one line; null where the action is not known here, or its result is not what it says. */
export function describeResult(action: string, result: unknown): string | null {
  if (!isActionName(action)) return null;
  const entry: Action = catalogue[action];
  const parsed = entry.result.safeParse(result);
  return parsed.success ? entry.describe(parsed.data) : null;
}
