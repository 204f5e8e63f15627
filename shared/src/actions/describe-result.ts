import type { Action } from './action.ts';
import { catalogue, isActionName } from './catalogue.ts';
import { reportResult } from './result-reporter.ts';

/**
 * Returns the result of a command as one line. Null for an unknown action, without a result, as older runners finish
 * commands, and for a result that does not fit its schema: `resultWarning` says why.
 */
export function describeResult(action: string | Action, result: unknown): string | null {
  const entry = entryOf(action);
  const parsed = entry?.result.safeParse(result);
  if (entry !== undefined && parsed?.success) return entry.describe(parsed.data);
  const warning = resultWarning(action, result);
  if (warning !== null) reportResult(warning);
  return null;
}

/** Returns a sentence about a result that does not fit the schema of its action; null if there is nothing to report. */
export function resultWarning(action: string | Action, result: unknown): string | null {
  const fault = result === null ? undefined : entryOf(action)?.result.safeParse(result).error;
  if (fault === undefined) return null;
  const fields = fault.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  );
  const name = typeof action === 'string' ? action : action.title;
  return `The result of ${name} does not fit its schema: ${fields.join('; ')}.`;
}

function entryOf(action: string | Action): Action | undefined {
  if (typeof action !== 'string') return action;
  return isActionName(action) ? catalogue[action] : undefined;
}
