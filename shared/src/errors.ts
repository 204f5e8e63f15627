/**
 * Every failure that an operator may see is an `HqError`: a stable code for programs, a sentence for what happened and
 * one for what to do next. Neither sentence may hold a secret.
 */
export type ErrorCode =
  /** The request itself is wrong: a bad flag, field or value. */
  | 'usage'
  /** Not signed in, or the session has ended. */
  | 'unauthenticated'
  /** Signed in, but the database said no. */
  | 'refused'
  /** The thing named does not exist, or not for this tenant. */
  | 'not_found'
  /** The same key was used for something else, or the state does not allow it. */
  | 'conflict'
  /** The network, the database or the engine did not answer. */
  | 'unreachable'
  /** It took longer than its limit. */
  | 'timed_out'
  /** It was tried and did not work. */
  | 'failed'
  /** Someone cancelled it. */
  | 'cancelled';

export interface HqErrorOptions {
  /** The operator's next step as one sentence. */
  readonly hint?: string;
  /** The payload or form field at fault, if there is one. */
  readonly field?: string;
  readonly cause?: unknown;
}

export class HqError extends Error {
  override readonly name = 'HqError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: HqErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.field = options.field;
  }
}

/** Returns the code of an error of Node or of Postgres, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
