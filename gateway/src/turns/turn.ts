import { HqError } from '@hq/shared/errors';
import type { OpenClawAnswer, TurnLine, TurnResult } from '@hq/shared/gateway';
import { sleep } from '@hq/shared/program';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';
import { endOf, type RunEnd } from './run-result.ts';
import { TurnEvents } from './turn-events.ts';
import { faultOfRun, isReload, retryAfterOf } from './turn-fault.ts';

/** OpenClaw's own limit comes first; this one counts where OpenClaw does not keep it. */
const deadlineGraceMs = 5_000;
const abortLimitMs = 10_000;
/** Milliseconds that an aborted run may take to report its end. */
const abortedEndMs = 5_000;
const waitMs = 30_000;
/** A reload of OpenClaw's configuration refuses a turn that starts in the same moment. */
const attempts = 3;
const retryPauseMs = 500;

export interface Turn {
  readonly agentId: string;
  readonly sessionKey: string;
  readonly message: string;
  readonly runId: string;
  readonly model: string | null;
  readonly thinking: string | null;
  readonly timeoutSeconds: number;
}

/** Runs one turn and returns its end. An abort of the signal, as the deadline, aborts the run in OpenClaw. */
export async function runTurn(
  client: OpenClawClient,
  turn: Turn,
  emit: (line: TurnLine) => void,
  signal: AbortSignal,
): Promise<TurnResult> {
  const beganAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    const runId = attempt === 1 ? turn.runId : `${turn.runId}:${attempt}`;
    const events = new TurnEvents({ runId }, emit);
    const stopListening = client.onEvent((event, payload) => events.receive(event, payload));
    try {
      const end = await runOnce(client, { ...turn, runId }, signal);
      if (isReload(end.error ?? '') && events.text === '' && attempt < attempts) {
        await sleep(retryPauseMs, signal);
        continue;
      }
      return {
        status: end.status,
        text: end.text ?? events.text,
        tools: [...events.tools],
        usage: end.usage,
        sessionKey: turn.sessionKey,
        runId,
        tookMs: Math.round(performance.now() - beganAt),
        ...(end.error === null ? {} : { error: end.error }),
        fault: faultOfRun({ ...end, failoverReason: events.failoverReason }),
        retryAfterSeconds: end.status === 'ok' ? null : retryAfterOf(end.error),
      };
    } finally {
      stopListening();
    }
  }
}

async function runOnce(client: OpenClawClient, turn: Turn, signal: AbortSignal): Promise<RunEnd> {
  const limitMs = turn.timeoutSeconds * 1_000 + deadlineGraceMs;
  const deadline = AbortSignal.timeout(limitMs);
  const end = runToEnd(client, turn, limitMs + abortedEndMs + abortLimitMs);
  const stopped = AbortSignal.any([signal, deadline]);
  const stop = new Promise<null>((resolve) => {
    if (stopped.aborted) resolve(null);
    else stopped.addEventListener('abort', () => resolve(null), { once: true });
  });
  const ended = await Promise.race([end, stop]);
  if (ended !== null) return ended;
  await abortRun(client, turn.sessionKey, turn.runId);
  const late = await Promise.race([end, sleep(abortedEndMs).then(() => null)]);
  const status = signal.aborted ? 'aborted' : 'timeout';
  const error = signal.aborted ? 'The turn was aborted.' : `It did not end within ${turn.timeoutSeconds} s.`;
  return { text: late?.text ?? null, usage: late?.usage ?? null, status, error };
}

async function runToEnd(client: OpenClawClient, turn: Turn, limitMs: number): Promise<RunEnd> {
  const { agentId, sessionKey, message, runId, model, thinking, timeoutSeconds } = turn;
  try {
    const answer = await client.call({
      method: 'agent',
      params: {
        agentId,
        sessionKey,
        message,
        idempotencyKey: runId,
        timeout: Math.ceil(timeoutSeconds),
        ...(model === null ? {} : { model }),
        ...(thinking === null ? {} : { thinking }),
      },
      untilResult: true,
      limitMs,
    });
    return isRepeated(answer) ? await waitForRun(client, runId, limitMs) : endOf(answer);
  } catch (error) {
    if (error instanceof HqError && error.code === 'unreachable' && client.connections > 0)
      return waitForRun(client, runId, limitMs);
    throw error;
  }
}

const inFlight = z.object({ status: z.literal('in_flight') });

/** Returns true where a run of this id is under way or ended already. */
function isRepeated(answer: OpenClawAnswer): boolean {
  return answer.ok && inFlight.safeParse(answer.payload).success;
}

const waited = z.object({
  status: z.string(),
  error: z.string().nullish(),
  endedAt: z.number().nullish(),
  stopReason: z.string().nullish(),
  terminalReply: z.object({ text: z.string().nullish() }).nullish(),
});

/** Waits for a run whose result cannot come as the answer to its request. Its usage is not known then. */
async function waitForRun(client: OpenClawClient, runId: string, limitMs: number): Promise<RunEnd> {
  const until = performance.now() + limitMs;
  while (performance.now() < until) {
    const run = await client
      .request(waited, {
        method: 'agent.wait',
        params: { runId, timeoutMs: waitMs },
        limitMs: 2 * waitMs,
      })
      .catch(async (error: unknown) => {
        if (!(error instanceof HqError) || error.code !== 'unreachable') throw error;
        await sleep(retryPauseMs);
        return null;
      });
    const hasEnded =
      run !== null && run.status !== 'pending' && (run.status !== 'timeout' || run.endedAt != null);
    if (hasEnded) {
      const { status, error, stopReason, terminalReply } = run;
      const isAborted = status === 'error' && stopReason === 'rpc';
      return {
        status: status === 'ok' || status === 'timeout' ? status : isAborted ? 'aborted' : 'error',
        text: terminalReply?.text ?? null,
        usage: null,
        error: status === 'ok' ? null : (error ?? stopReason ?? null),
      };
    }
  }
  return { status: 'timeout', text: null, usage: null, error: 'OpenClaw reported no end of the run.' };
}

/** Aborts a run. Its session key is needed: by the run's id alone a run that has just ended is refused. */
async function abortRun(client: OpenClawClient, key: string, runId: string): Promise<void> {
  const params = { key, runId };
  // The turn ends for the caller in any case; a refusal means that the run has ended.
  await client.call({ method: 'sessions.abort', params, limitMs: abortLimitMs }).catch(() => undefined);
}
