import { catalogue, isActionName, isRunnerActionName } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { Redactor } from '@hq/shared/text';
import type { ClaimedCommand, CommandResult } from './exchange.ts';
import { type HandlerContext, type Handlers, handle } from './handler.ts';
import { CommandOutput } from './output.ts';

/** Reason to stop a command before its handler is done. */
export type StopReason = 'cancelled' | 'timed out' | 'lost' | 'stopping';

export interface LeasedCommandOptions {
  readonly command: ClaimedCommand;
  readonly handlers: Handlers;
  readonly redactor: Redactor;
  /** Upper limit in seconds for every command, whatever its action allows. */
  readonly commandTimeout: number;
  readonly context: Pick<
    HandlerContext,
    'runnerId' | 'stack' | 'agents' | 'dispatcher' | 'setPaused' | 'openSecret'
  >;
  /** Receives a sentence about a result that does not fit its schema; may throw to fail the command. */
  readonly onInvalidResult: (warning: string) => void;
  /** Called when output or progress waits to be sent. */
  readonly onOutput: () => void;
}

/** Milliseconds that a handler may take to stop; afterwards its command ends without it. */
const stoppingMs = 5_000;
const longestError = 4_000;

/** One command while this runner holds its lease. */
export class LeasedCommand {
  readonly command: ClaimedCommand;
  readonly output: CommandOutput;
  readonly #options: LeasedCommandOptions;
  readonly #controller = new AbortController();
  readonly #limitSeconds: number;
  #stopReason: StopReason | null = null;
  #leaseTimer: NodeJS.Timeout | undefined;
  #progress: { percent: number | null; note: string | null } | null = null;

  constructor(options: LeasedCommandOptions) {
    this.#options = options;
    this.command = options.command;
    this.output = new CommandOutput(options.redactor, options.onOutput);
    this.#limitSeconds = Math.min(options.command.timeout_seconds, options.commandTimeout);
  }

  get token(): string {
    return this.command.lease_token;
  }

  /** Stops the command after `milliseconds` unless called again. Uses this process's clock: the database's may differ. */
  extendLease(milliseconds: number): void {
    clearTimeout(this.#leaseTimer);
    this.#leaseTimer = setTimeout(() => this.stop('lost'), Math.max(0, milliseconds));
  }

  /** Aborts the handler. Later calls change nothing. */
  stop(reason: StopReason): void {
    if (this.#stopReason !== null) return;
    this.#stopReason = reason;
    const code = reason === 'timed out' ? 'timed_out' : 'cancelled';
    this.#controller.abort(new HqError(code, this.#sentence(reason)));
  }

  /** Returns the last progress that was not sent yet. */
  takeProgress(): { percent: number | null; note: string | null } | null {
    const progress = this.#progress;
    this.#progress = null;
    return progress;
  }

  get hasOutput(): boolean {
    return this.output.isWaiting || this.#progress !== null;
  }

  /** Returns the result that puts the command back into the queue. */
  release(): CommandResult {
    return this.#result('pending', null, null, null);
  }

  /** Runs the handler. Returns its result, or null when the lease was lost. */
  async run(): Promise<CommandResult | null> {
    const limit = setTimeout(() => this.stop('timed out'), this.#limitSeconds * 1000);
    try {
      const result = await Promise.race([this.#handle(), this.#overdue()]);
      return this.#stopReason === 'lost' ? null : this.#result('done', 0, null, result);
    } catch (error) {
      return this.#failure(error);
    } finally {
      clearTimeout(limit);
      clearTimeout(this.#leaseTimer);
    }
  }

  async #handle(): Promise<unknown> {
    const { command, context, handlers, redactor, onOutput, onInvalidResult } = this.#options;
    if (!isRunnerActionName(command.action)) {
      throw new HqError('usage', `This runner does not know the action "${command.action}".`, {
        hint: 'Update the runner, or run the command with the program that created it.',
      });
    }
    const handlerContext = {
      ...context,
      commandId: command.id,
      attempt: command.attempt,
      agentId: command.agent_id,
      agentSlug: command.agent_slug,
      output: this.output,
      signal: this.#controller.signal,
      progress: (percent: number | null, note: string | null) => {
        this.#progress = {
          percent,
          note: note === null ? null : redactor.text(note).slice(0, 500),
        };
        onOutput();
      },
    };
    return handle(handlers, command.action, command.payload, handlerContext, onInvalidResult);
  }

  /** Rejects when the handler did not end in time after a stop. */
  #overdue(): Promise<never> {
    return new Promise((_, reject) => {
      const { signal } = this.#controller;
      const rejectLater = () => setTimeout(() => reject(signal.reason), stoppingMs).unref();
      signal.addEventListener('abort', rejectLater, { once: true });
    });
  }

  #failure(error: unknown): CommandResult | null {
    switch (this.#stopReason) {
      case 'lost':
        return null;
      case 'cancelled':
        return this.#result('cancelled', null, this.#sentence('cancelled'), null);
      case 'timed out':
        return this.#result('failed', 124, this.#sentence('timed out'), null);
      case 'stopping':
        return this.#isSafeToRepeat()
          ? this.release()
          : this.#result('failed', 1, this.#sentence('stopping'), null);
      case null:
        return this.#result('failed', 1, this.#options.redactor.text(describe(error)), null);
    }
  }

  #sentence(reason: StopReason): string {
    switch (reason) {
      case 'cancelled':
        return 'cancelled while it ran';
      case 'timed out':
        return `timed out after ${this.#limitSeconds} s`;
      case 'lost':
        return 'the lease was lost while it ran';
      case 'stopping':
        return 'the runner was stopped while it ran, and this action is not safe to repeat by itself';
    }
  }

  #isSafeToRepeat(): boolean {
    const { action } = this.command;
    return isActionName(action) && catalogue[action].retry === 'safe';
  }

  #result(
    status: CommandResult['status'],
    exitCode: number | null,
    errorMessage: string | null,
    result: unknown,
  ): CommandResult {
    this.output.end();
    return {
      token: this.token,
      status,
      exit_code: exitCode,
      stdout: this.output.summary('stdout'),
      stderr: this.output.summary('stderr'),
      error_message: errorMessage === null ? null : errorMessage.slice(0, longestError),
      result,
    };
  }
}

function describe(error: unknown): string {
  if (error instanceof HqError)
    return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return error instanceof Error ? `unexpected failure: ${error.message}` : 'unexpected failure';
}
