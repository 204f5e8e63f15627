import { HqError } from '@hq/shared/errors';
import type { TurnLine, TurnState } from '@hq/shared/gateway';
import { sleep } from '@hq/shared/program';
import { z } from 'zod';
import type { OpenClawClient } from '../openclaw/client.ts';
import { readContent, readSession, type SessionState } from './session-state.ts';
import { TurnEvents } from './turn-events.ts';
import { faultOfRun, retryAfterOf } from './turn-fault.ts';

const lookEveryMs = 300;
/** Milliseconds that OpenClaw may take to resume a run; it takes about six seconds. */
const resumptionMs = 60_000;
const abortMs = 10_000;
const waited = z.object({ status: z.string() });

export interface LookUp {
  readonly sessionKey: string;
  readonly runId: string;
  /** Milliseconds for OpenClaw to resume a run that a crash cut off. */
  readonly resumptionMs?: number;
}

/**
 * Follows a run that this process did not begin, as after a restart, until OpenClaw says how it ended. OpenClaw resumes a
 * run that a crash cut off, under another id: that one counts. An abort of the signal ends the run, and its resumption.
 */
export async function lookUpTurn(
  client: OpenClawClient,
  turn: LookUp,
  emit: (line: TurnLine) => void,
  signal: AbortSignal,
): Promise<TurnState> {
  const { sessionKey } = turn;
  const events = new TurnEvents({ sessionKey }, emit);
  const stopListening = client.onEvent((event, payload) => events.receive(event, payload));
  const resumesUntil = performance.now() + (turn.resumptionMs ?? resumptionMs);
  try {
    for (;;) {
      const state = await readAgain(client, sessionKey);
      if (state.kind === 'ended') {
        // OpenClaw calls a resumed run that was aborted in its first moments a timeout.
        const status = signal.aborted && state.status === 'timeout' ? 'aborted' : state.status;
        return await endOfSession(client, turn, { ...state, status }, events);
      }
      if (state.kind === 'none' && !(await isQueued(client, turn.runId))) return { state: 'unknown' };
      const isOverdue = state.kind === 'resumes' && performance.now() > resumesUntil;
      const isUnwanted = signal.aborted || isOverdue;
      // A run that is just being resumed escapes an abort, so each look aborts again.
      if (isUnwanted) await abortSession(client, sessionKey);
      await sleep(lookEveryMs, isUnwanted ? undefined : signal);
    }
  } finally {
    stopListening();
  }
}

/** Aborts whatever runs or waits in a session, a resumption too. Returns false where there was nothing. */
export async function abortSession(client: OpenClawClient, key: string): Promise<boolean> {
  const call = { method: 'sessions.abort', params: { key, clearQueued: true }, limitMs: abortMs };
  const answer = await client.call(call);
  const { data } = waited.safeParse(answer.ok ? answer.payload : undefined);
  return data?.status === 'aborted';
}

/** Reads the session; a connection that ended comes back by itself. */
async function readAgain(client: OpenClawClient, key: string): Promise<SessionState> {
  try {
    return await readSession(client, key);
  } catch (error) {
    if (!(error instanceof HqError) || error.code !== 'unreachable') throw error;
    await client.connected(AbortSignal.timeout(resumptionMs));
    return await readSession(client, key);
  }
}

/** Returns true for a run that OpenClaw has accepted and not begun yet. After a restart there is none. */
async function isQueued(client: OpenClawClient, runId: string): Promise<boolean> {
  const params = { runId, timeoutMs: 1 };
  return (await client.request(waited, { method: 'agent.wait', params })).status === 'pending';
}

async function endOfSession(
  client: OpenClawClient,
  { sessionKey, runId }: LookUp,
  { status, error, tookMs, runId: lastRunId }: Extract<SessionState, { kind: 'ended' }>,
  { failoverReason }: TurnEvents,
): Promise<TurnState> {
  const content = await readContent(client, sessionKey);
  const result = {
    ...content,
    status,
    sessionKey,
    runId: lastRunId ?? runId,
    tookMs,
    ...(status === 'ok' || error === null ? {} : { error }),
    fault: faultOfRun({ status, error, failoverReason }),
    retryAfterSeconds: status === 'ok' ? null : retryAfterOf(error),
  };
  return { state: 'ended', result };
}
