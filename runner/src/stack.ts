import type { ServiceStatus } from '@hq/shared/actions';
import type { GatewayControl } from './gateway-control.ts';

/**
 * Port to the services that a runner operates. It has two implementations: the containers of a compose project (`docker/`)
 * and one supervised process (`process/`).
 *
 * Every method throws `HqError` only: `not_found` for a service that the stack does not have (the hint names those it
 * has), `unreachable` when the engine does not answer, `failed` with the last log lines when a service does not become
 * healthy, and the reason of the signal when it is aborted. Nothing continues in the background after an abort.
 */
export interface Stack {
  readonly kind: 'docker' | 'process';
  /** Control API of the gateway. */
  readonly gateway: GatewayControl;

  /** Returns every service with its health, not cached. */
  services(signal: AbortSignal): Promise<readonly ServiceStatus[]>;

  /** Restarts one service and returns when it is healthy again, or runs if it has no health check. */
  restart(service: string, options: RestartOptions): Promise<Restarted>;

  /** Returns the last lines of a service's log, oldest first, without line ends and not redacted. */
  logs(service: string, lines: number, signal: AbortSignal): AsyncIterable<string>;

  /**
   * Calls the listener soon after a service may have changed its health, so that a crash shows before the next
   * heartbeat. Returns a function that stops the watch.
   */
  watch(onChange: () => void): () => void;

  /** Closes the connection to the engine, or stops the supervised process. */
  close(): Promise<void>;
}

export interface RestartOptions {
  readonly signal: AbortSignal;
  /** Receives progress: "stopping gateway", "waiting for gateway to become healthy (12 s)". */
  readonly onOutput: (line: string) => void;
}

export interface Restarted {
  /** Milliseconds from the request to healthy again. */
  readonly tookMs: number;
}
