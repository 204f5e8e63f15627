import type { z } from 'zod';

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Where a command may have come from. The database writes it; a face only says which face it is. */
export const origins = ['tui', 'cli', 'slack', 'discord', 'telegram', 'api'] as const;
export type Origin = (typeof origins)[number];

/**
 * Runs the action. `runner`: the row waits until a runner claims it. `database`: `hq.do_<action>` does it in the transaction that
 * writes the row, so that the row is born `done`, or is refused with the reason.
 */
export type Executor = 'runner' | 'database';

/** How much a face asks before it sends: nothing, nothing, a yes, the typed name. */
export const dangers = ['read', 'reversible', 'disruptive', 'destructive'] as const;
export type Danger = (typeof dangers)[number];

/**
 * Which commands may not run beside each other on one gateway.
 * `stack`: one at a time per gateway. `agent`: one at a time per agent. `none`: beside anything, and ahead of
 * everything that waits (reads and control).
 */
export type Lane = 'stack' | 'agent' | 'none';

/**
 * What happens to a command whose runner died while it ran.
 * `safe`: it goes back to pending until its attempts are used up. `never`: it fails with the reason.
 */
export type RetryRule = 'safe' | 'never';

/** One thing an operator can do, declared once for every face, the runner and the database. */
export interface Action<
  Payload extends z.ZodObject = z.ZodObject,
  Result extends z.ZodType = z.ZodType,
  RunBy extends Executor = Executor,
> {
  /** A verb phrase in the imperative, for palettes and buttons. */
  readonly title: string;
  /** One sentence for help and the reference page. */
  readonly summary: string;
  /** What the command is aimed at. An `agent` action needs an agent slug, a `workspace` action has neither gateway nor agent. */
  readonly target: 'gateway' | 'agent' | 'workspace';
  readonly executor: RunBy;
  readonly role: Role;
  readonly danger: Danger;
  readonly lane: Lane;
  readonly retry: RetryRule;
  /** How often a `safe` command is started at most, the first time included. */
  readonly maxAttempts: number;
  /** Seconds from start to giving up. */
  readonly timeoutSeconds: number;
  /** Whether a paused gateway still runs it. */
  readonly whilePaused: boolean;
  /** The action that takes this one back, where there is one. It must have the same target and need no payload. */
  readonly undo?: string;
  readonly payload: Payload;
  readonly result: Result;
  /**
   * The result as one line for a list, a toast or a chat card. A method, so that actions of every kind fit into one
   * variable; `tellResult` is how to call it on a row.
   */
  describe(result: z.output<Result>): string;
}

/** An action as it is written down. */
interface Declaration<Payload extends z.ZodObject, Result extends z.ZodType, RunBy extends Executor>
  extends Omit<Action<Payload, Result, RunBy>, 'payload' | 'result'> {
  payload(): Payload;
  result(): Result;
}

/** The shapes are made when somebody first asks for them: all of them take a tenth of a start, and the first frame needs none. */
export function defineAction<
  Payload extends z.ZodObject,
  Result extends z.ZodType,
  const RunBy extends Executor,
>({ payload, result, ...told }: Declaration<Payload, Result, RunBy>): Action<Payload, Result, RunBy> {
  let payloadShape: Payload | undefined;
  let resultShape: Result | undefined;
  return {
    ...told,
    get payload() {
      payloadShape ??= payload();
      return payloadShape;
    },
    get result() {
      resultShape ??= result();
      return resultShape;
    },
  };
}
