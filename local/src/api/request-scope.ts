import { AsyncLocalStorage } from 'node:async_hooks';
import { codeOf } from '@hq/shared/errors';

/** Errors recorded while one request is served. */
export interface RequestScope {
  /** No connection to the database was available, or it broke. */
  databaseUnavailable: boolean;
  /** The caller has no more than the anon key. */
  isAnonymous: boolean;
  /** Codes of the errors, without their text, which may contain a row's values. */
  readonly errorCodes: string[];
  /** True when the client has left: nobody reads the answer. */
  readonly isGone: () => boolean;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();

/**
 * Recognizes SQLSTATE classes 08 (connection) and 57P (shutdown, startup), 53300 (too many connections) and system errors
 * of a server that cannot be reached.
 */
function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error) ?? '';
  if (/^(08...|57P0.|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code)) return true;
  return /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
    error.message,
  );
}

export function recordError(error: unknown): void {
  record(error, isDatabaseUnavailable(error));
}

export function recordNoConnection(error: unknown): void {
  record(error, true);
}

function record(error: unknown, isUnavailable: boolean): void {
  const scope = requestScope.getStore();
  if (!scope) return;
  if (isUnavailable) scope.databaseUnavailable = true;
  const code = codeOf(error) ?? 'unknown';
  if (!scope.errorCodes.includes(code)) scope.errorCodes.push(code);
}
