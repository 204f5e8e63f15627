import { catalogue, isActionName, isRunnerActionName } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import type { Redactor } from '@hq/shared/text';
import type { ClaimedCommand, CommandResult } from './exchange.ts';
import { type HandlerContext, type Handlers, handle } from './handler.ts';
import { CommandOutput } from './output.ts';

/** Why a command is told to stop before its handler is done. */
export type StopReason = 'cancelled' | 'timed out' | 'lost' | 'stopping';

export interface LeasedCommandOptions {
  readonly command: ClaimedCommand;
  readonly handlers: Handlers;
  readonly redactor: Redactor;
  /** Seconds that no command may take longer than, whatever its action allows. */
  readonly commandTimeout: number;
  readonly context: Pick<HandlerContext, 'runnerId' | 'stack' | 'setPaused' | 'openSecret'>;
  /** There is output or progress to send. */
  readonly onOutput: () => void;
}

/** How long a handler may take to stop once it was told to; its command ends without it then. */
const stoppingMs = 5_000;
const longestError = 4_000;

/** A command while this runner holds its lease. */
export class LeasedCommand {
  readonly command: ClaimedCommand;
  readonly output: CommandOutput;
  readonly #options: LeasedCommandOptions;
  readonly #controller = new AbortController();
  readonly #limitSeconds: number;
  #ending: StopReason | null = null;
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

  /** The lease holds for so long from now. By this process's own clock: the database's may differ by minutes. */
  extendLease(milliseconds: number): void {
    clearTimeout(this.#leaseTimer);
    this.#leaseTimer = setTimeout(() => this.stop('lost'), Math.max(0, milliseconds));
  }

  /** Tells the handler to stop. The first reason counts. */
  stop(ending: StopReason): void {
    if (this.#ending !== null) return;
    this.#ending = ending;
    this.#controller.abort(
      new HqError(ending === 'timed out' ? 'timed_out' : 'cancelled', this.#sentence(ending)),
    );
  }

  /** The last progress that was not sent yet. */
  takeProgress(): { percent: number | null; note: string | null } | null {
    const progress = this.#progress;
    this.#progress = null;
    return progress;
  }

  get hasOutput(): boolean {
    return this.output.isWaiting || this.#progress !== null;
  }

  /** Hands the command back, for whoever claims it next. */
  release(): CommandResult {
    return this.#result('pending', null, null, null);
  }

  /** Runs the handler; the result to hand in, or null when the lease was lost and the result is nobody's. */
  async run(): Promise<CommandResult | null> {
    const limit = setTimeout(() => this.stop('timed out'), this.#limitSeconds * 1000);
    try {
      const result = await Promise.race([this.#handle(), this.#overdue()]);
      return this.#ending === 'lost' ? null : this.#result('done', 0, null, result);
    } catch (error) {
      return this.#failure(error);
    } finally {
      clearTimeout(limit);
      clearTimeout(this.#leaseTimer);
    }
  }

  async #handle(): Promise<unknown> {
    const { command, context, handlers, onOutput } = this.#options;
    if (!isRunnerActionName(command.action)) {
      throw new HqError('usage', `This runner does not know the action "${command.action}".`, {
        hint: 'Update the runner, or let the program that wrote the command serve it.',
      });
    }
    return handle(handlers, command.action, command.payload, {
      ...context,
      commandId: command.id,
      attempt: command.attempt,
      agentSlug: command.agent_slug,
      output: this.output,
      signal: this.#controller.signal,
      progress: (percent, note) => {
        this.#progress = {
          percent,
          note: note === null ? null : this.#options.redactor.text(note).slice(0, 500),
        };
        onOutput();
      },
    });
  }

  /** Rejects a while after the command was told to stop. */
  #overdue(): Promise<never> {
    return new Promise((_, reject) => {
      const { signal } = this.#controller;
      const give = () => setTimeout(() => reject(signal.reason), stoppingMs).unref();
      signal.addEventListener('abort', give, { once: true });
    });
  }

  #failure(error: unknown): CommandResult | null {
    switch (this.#ending) {
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

  #sentence(ending: StopReason): string {
    switch (ending) {
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
