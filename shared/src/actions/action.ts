import type { z } from 'zod';
import { chatPlatformNames } from '../chat/platforms.ts';

export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** The origin of a command. Each client names itself; the database checks it. */
export const origins = ['tui', 'cli', ...chatPlatformNames, 'api'] as const;
export type Origin = (typeof origins)[number];

/**
 * `runner`: the row waits until a runner claims it. `database`: `hq.do_<action>` runs in the transaction that inserts the
 * row, which is `done` at once or refused with the reason.
 */
export type Executor = 'runner' | 'database';

/** Clients ask before a `disruptive` action for a yes, before a `destructive` one for the typed name. */
export const dangers = ['read', 'reversible', 'disruptive', 'destructive'] as const;
export type Danger = (typeof dangers)[number];

/**
 * Commands in the same lane of a gateway run one after the other. `stack`: one at a time per gateway. `agent`: one at a
 * time per agent. `none`: at once, ahead of waiting commands (reads and control).
 */
export type Lane = 'stack' | 'agent' | 'none';

/**
 * The fate of a command whose runner died. `safe`: it returns to pending until its attempts are used up. `never`: it
 * fails with the reason.
 */
export type RetryRule = 'safe' | 'never';

/** One thing that an operator can do, declared once for every client, the runner and the database. */
export interface Action<
  Payload extends z.ZodObject = z.ZodObject,
  Result extends z.ZodType = z.ZodType,
  RunBy extends Executor = Executor,
> {
  /** A verb phrase in the imperative, for palettes and buttons. */
  readonly title: string;
  /** One sentence for help and the reference page. */
  readonly summary: string;
  /** The effect on people and work, for the question before it; the summary by default. */
  readonly consequence?: string;
  /** The kind of row whose id and title the result has. */
  readonly about?: 'task' | 'deliverable';
  /** An `agent` action needs an agent slug; a `workspace` action has neither gateway nor agent. */
  readonly target: 'gateway' | 'agent' | 'workspace';
  readonly executor: RunBy;
  readonly role: Role;
  readonly danger: Danger;
  readonly lane: Lane;
  readonly retry: RetryRule;
  /** The most starts of a `safe` command, the first included. */
  readonly maxAttempts: number;
  /** Seconds from start to giving up. */
  readonly timeoutSeconds: number;
  /** True if a paused gateway still runs it. */
  readonly whilePaused: boolean;
  /** The action that reverts this one: of the same target, without payload. */
  readonly undo?: string;
  readonly payload: Payload;
  readonly result: Result;
  /**
   * The result as one line for a list, a toast or a chat card. A method, so that all actions are assignable to `Action`.
   * Call it by `describeResult`, which parses the result of a row.
   */
  describe(result: z.output<Result>): string;
}

/** An action in the catalogue: its schemas are created by functions. */
interface Declaration<Payload extends z.ZodObject, Result extends z.ZodType, RunBy extends Executor>
  extends Omit<Action<Payload, Result, RunBy>, 'payload' | 'result'> {
  payload(): Payload;
  result(): Result;
}

/** Creates the schemas at their first use: all of them take a tenth of a start, and the first frame needs none. */
export function defineAction<
  Payload extends z.ZodObject,
  Result extends z.ZodType,
  const RunBy extends Executor,
>({ payload, result, ...rest }: Declaration<Payload, Result, RunBy>): Action<Payload, Result, RunBy> {
  let payloadSchema: Payload | undefined;
  let resultSchema: Result | undefined;
  return {
    ...rest,
    get payload() {
      payloadSchema ??= payload();
      return payloadSchema;
    },
    get result() {
      resultSchema ??= result();
      return resultSchema;
    },
  };
}
