import type { ErrorCode } from '@hq/shared/errors';

/** Exit codes of the program. They are documented in docs/cli.md and never change. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  timedOut: 5,
  cancelled: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const codeOfError: Readonly<Record<ErrorCode, ExitCode>> = {
  usage: exitCodes.usage,
  not_found: exitCodes.usage,
  unauthenticated: exitCodes.refused,
  refused: exitCodes.refused,
  conflict: exitCodes.refused,
  unreachable: exitCodes.unreachable,
  timed_out: exitCodes.timedOut,
  failed: exitCodes.failed,
  cancelled: exitCodes.cancelled,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return codeOfError[code];
}
