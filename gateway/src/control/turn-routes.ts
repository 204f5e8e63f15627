import { HqError } from '@hq/shared/errors';
import { type TurnResult, type TurnState, turnAbort, turnRequest } from '@hq/shared/gateway';
import { timedOut, withinLimit } from '@hq/shared/program';
import type { GatewayPaths } from '../environment.ts';
import type { OpenClawClient } from '../openclaw/client.ts';
import type { ReadyOpenClaw } from '../ready-openclaw.ts';
import { findAgent } from '../turns/find-agent.ts';
import { LiveTurns } from '../turns/live-turns.ts';
import { abortSession, lookUpTurn } from '../turns/look-up.ts';
import { runTurn, type Turn } from '../turns/turn.ts';
import { parseBody, type Route } from './route.ts';

export interface TurnRoutesOptions {
  /** Throws `unreachable` while OpenClaw takes no turn. */
  readonly openclaw: () => ReadyOpenClaw;
  readonly paths: GatewayPaths;
  /** True once the gateway stops: it aborts the turns itself then. */
  readonly isStopping: () => boolean;
}

/** Milliseconds that an aborted turn may take to end. */
const abortedMs = 20_000;

/** Routes of the turns of agents: one that ends with its request, or one that is detached, followed and aborted later. */
export function turnRoutes({ openclaw, paths, isStopping }: TurnRoutesOptions): readonly Route[] {
  const turns = new LiveTurns();
  const named = (result: TurnResult): TurnResult =>
    result.status === 'aborted' && isStopping() ? { ...result, fault: 'shutdown' } : result;
  const ended = (state: TurnState): TurnState =>
    state.state === 'ended' ? { state: 'ended', result: named(state.result) } : state;
  const lookUp = (client: OpenClawClient, sessionKey: string, runId: string) =>
    turns.begin(runId, async (onLine, aborted) =>
      ended(await lookUpTurn(client, { sessionKey, runId }, onLine, aborted)),
    );
  return [
    {
      method: 'POST',
      path: /^\/turns$/,
      stream: async ({ body, signal }, emit) => {
        const { client } = openclaw();
        const { turn, isDetached } = await turnOf(client, paths, body, signal);
        if (!isDetached) return named(await runTurn(client, turn, emit, signal));
        const live = turns.begin(turn.runId, async (onLine, aborted) =>
          ended({ state: 'ended', result: await runTurn(client, turn, onLine, aborted) }),
        );
        const state = await live.follow(emit, signal);
        if (state.state === 'ended') return state.result;
        throw new HqError('not_found', `OpenClaw does not know the run ${turn.runId}.`);
      },
    },
    {
      method: 'GET',
      path: /^\/turns\/([^/?]+)$/,
      stream: async ({ params: [runId = ''], query, signal }, emit) => {
        const { session } = parseBody(turnAbort, { session: query.get('session') ?? '' });
        return lookUp(openclaw().client, session, runId).follow(emit, signal);
      },
    },
    {
      method: 'POST',
      path: /^\/turns\/([^/?]+)\/abort$/,
      answer: async ({ params: [runId = ''], body }) => {
        const { session } = parseBody(turnAbort, body);
        const { client } = openclaw();
        if (turns.find(runId)?.hasEnded === true) return { aborted: await abortSession(client, session) };
        const live = lookUp(client, session, runId);
        live.abort(new HqError('cancelled', 'The turn was aborted.'));
        const state = await withinLimit(abortedMs, live.ended);
        const isAborting = state === timedOut;
        return {
          aborted: isAborting || (state.state === 'ended' && state.result.status === 'aborted'),
        };
      },
    },
  ];
}

async function turnOf(
  client: ReadyOpenClaw['client'],
  paths: GatewayPaths,
  body: unknown,
  signal: AbortSignal,
): Promise<{ readonly turn: Turn; readonly isDetached: boolean }> {
  const request = parseBody(turnRequest, body);
  const agentId = await findAgent(client, paths.agents, request.agent, signal);
  const sessionKey = request.sessionKey ?? `agent:${agentId}:hq`;
  if (!sessionKey.startsWith(`agent:${agentId}:`)) {
    throw new HqError('usage', `The session ${sessionKey} is not one of ${request.agent}.`, {
      hint: `Its sessions begin with agent:${agentId}:`,
      field: 'sessionKey',
    });
  }
  const { message, runId, model = null, thinking = null, timeoutSeconds, detached = false } = request;
  return {
    turn: { agentId, sessionKey, message, runId, model, thinking, timeoutSeconds },
    isDetached: detached,
  };
}
