import { AsyncLocalStorage } from 'node:async_hooks';

/** What is noted about one request while it is served. */
export interface RequestScope {
  /** A connection to the database could not be had, or broke. */
  databaseUnavailable: boolean;
  /** Codes of errors that were met, never their text, which may hold a row's values. */
  readonly errorCodes: string[];
}

export const requestScope = new AsyncLocalStorage<RequestScope>();

/**
 * SQLSTATE classes 08 (connection) and 57P (shutting down, starting up), 53300 (too many connections) and the system's
 * own words for a server that is not there.
 */
function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^(08...|57P0.|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code)) return true;
  return /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
    error.message,
  );
}

export function noteError(error: unknown): void {
  note(error, isDatabaseUnavailable(error));
}

/** Whatever the reason, there is no database for this request. */
export function noteNoConnection(error: unknown): void {
  note(error, true);
}

function note(error: unknown, isAway: boolean): void {
  const scope = requestScope.getStore();
  if (!scope) return;
  if (isAway) scope.databaseUnavailable = true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (!scope.errorCodes.includes(code)) scope.errorCodes.push(code);
}
