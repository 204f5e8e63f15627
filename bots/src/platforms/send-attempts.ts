import type { Logger } from 'pino';
import type { Handle } from '../contract/card.ts';
import type { SendProblem, SendResult } from '../contract/inbound.ts';
import type { InFlight } from './in-flight.ts';

interface SendAttemptOptions {
  /** Null if the failure is none, such as an edit that changes nothing. */
  toProblem(error: unknown): SendProblem | null;
  isRevoked(error: unknown): boolean;
  onRevoked(): void;
  readonly inFlight: InFlight;
  readonly log: Logger;
}

export type SendAttempt = (call: () => Promise<Handle | null>) => Promise<SendResult>;

/** Makes requests of a platform that a stop waits for. A failure is returned and never thrown. */
export function createSendAttempt(options: SendAttemptOptions): SendAttempt {
  const { inFlight, log } = options;
  const attempt: SendAttempt = async (call) => {
    try {
      return { ok: true, handle: await call() };
    } catch (error) {
      if (options.isRevoked(error)) options.onRevoked();
      const problem = options.toProblem(error);
      if (problem === null) return { ok: true, handle: null };
      if (problem.kind !== 'wait') log.warn({ problem }, 'A request was refused');
      return { ok: false, problem };
    }
  };
  return (call) => inFlight.track(attempt(call));
}

/** The reason as the end of a sentence. */
export function describeProblem(problem: SendProblem): string {
  if (problem.kind === 'wait') return `rate limited, retry in ${problem.afterMs} ms`;
  return 'reason' in problem ? problem.reason : problem.kind;
}
