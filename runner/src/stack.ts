import type { ServiceStatus } from '@hq/shared/actions';
import type { OpenClawAnswer, OpenClawCall } from './openclaw-call.ts';

/**
 * What a runner's handlers may do to the stack they stand beside. There are two of them: the containers of a compose
 * project (`docker/`) and one supervised process (`process/`).
 *
 * Every method throws `HqError` only: `not_found` for a service that the stack does not have (the hint names those it
 * has), `unreachable` when the engine does not answer, `failed` with the last log lines when a service does not get
 * healthy, and whatever the signal was aborted with when it is aborted. Nothing goes on in the background after an abort.
 */
export interface Stack {
  readonly kind: 'docker' | 'process';

  /** Every service of the stack with its health. One question to the engine; not cached. */
  services(signal: AbortSignal): Promise<readonly ServiceStatus[]>;

  /** Restarts one service and returns when it is healthy again (or, without a health check, when it runs). */
  restart(service: string, options: RestartOptions): Promise<Restarted>;

  /** The last lines of a service's log, oldest first, without line ends, as they were written: not yet redacted. */
  logs(service: string, lines: number, signal: AbortSignal): AsyncIterable<string>;

  /**
   * Calls OpenClaw on its own loopback, one call after the other; an answer may be a refusal. Throws `unreachable` when it does
   * not run, or does not answer.
   */
  callOpenClaw(calls: readonly OpenClawCall[], signal: AbortSignal): Promise<readonly OpenClawAnswer[]>;

  /**
   * Calls the listener soon after a service may have changed its health, so that a crash shows before the next
   * heartbeat. Returns what stops it.
   */
  watch(onChange: () => void): () => void;

  /** Lets go of the engine, or stops the supervised process. The stack is not used afterwards. */
  close(): Promise<void>;
}

export interface RestartOptions {
  readonly signal: AbortSignal;
  /** What happens while it happens: "stopping gateway", "waiting for gateway to get healthy (12 s)". */
  readonly onOutput: (line: string) => void;
}

export interface Restarted {
  /** Milliseconds from the request to healthy again. */
  readonly tookMs: number;
}
