import { HqError } from '../errors.ts';
import type { Action } from './action.ts';
import { catalogue, isActionName } from './catalogue.ts';

/**
 * Returns the result of a command as one line; null for an unknown action, and without a result, as older runners finish
 * commands. A result that does not fit its schema is an error in tests; in production it is null, with a `resultWarning`.
 */
export function describeResult(action: string | Action, result: unknown): string | null {
  const entry = typeof action === 'string' ? entryOf(action) : action;
  const parsed = entry?.result.safeParse(result);
  if (entry !== undefined && parsed?.success) return entry.describe(parsed.data);
  const warning = resultWarning(action, result);
  if (warning !== null && process.env.NODE_ENV === 'test') throw new HqError('failed', warning);
  return null;
}

/** Returns a sentence about a result that does not fit the schema of its action; null if there is nothing to report. */
export function resultWarning(action: string | Action, result: unknown): string | null {
  const entry = typeof action === 'string' ? entryOf(action) : action;
  const fault = result === null ? undefined : entry?.result.safeParse(result).error;
  if (fault === undefined) return null;
  const fields = fault.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  );
  const name = typeof action === 'string' ? action : action.title;
  return `The result of ${name} does not fit its schema: ${fields.join('; ')}.`;
}

function entryOf(name: string): Action | undefined {
  return isActionName(name) ? catalogue[name] : undefined;
}
