import { HqError } from '@hq/shared/errors';
import type { GatewayStatus, TurnLine, TurnRequest, TurnResult } from '@hq/shared/gateway';
import { turnAbort, turnRequest } from '@hq/shared/gateway';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { z } from 'zod';
import { parseBody, type Route } from '../src/control/route.ts';
import { serveControl } from '../src/control/server.ts';
import { LiveTurns } from '../src/turns/live-turns.ts';

/** Work of an agent in a turn. An abort of the signal ends it. */
export type AgentWork = (
  request: TurnRequest,
  emit: (line: TurnLine) => void,
  signal: AbortSignal,
) => Promise<Partial<TurnResult>>;

/** The control API of hq-gateway with turns that a test plays: it begins each run once, and keeps it without its client. */
export interface TurnsGateway {
  readonly socket: string;
  /** Turns in the order in which they began. */
  readonly begun: readonly TurnRequest[];
  isReady: boolean;
  close(): void;
}

const agentsBody = z.object({ agents: z.array(z.object({ slug: z.string() })) });

export async function startTurnsGateway(socket: string, work: AgentWork): Promise<TurnsGateway> {
  const begun: TurnRequest[] = [];
  const turns = new LiveTurns();
  const begin = (request: TurnRequest) =>
    turns.begin(request.runId, async (emit, signal) => {
      begun.push(request);
      const startedAt = performance.now();
      const end = await work(request, emit, signal);
      const { runId } = request;
      const facts = {
        text: '',
        tools: [],
        usage: null,
        sessionKey: request.sessionKey ?? '',
        runId,
        fault: null,
      };
      const tookMs = Math.round(performance.now() - startedAt);
      return { state: 'ended', result: { status: 'ok', tookMs, ...facts, ...end } };
    });
  const routes: readonly Route[] = [
    { method: 'GET', path: /^\/status$/, answer: () => statusOf(gateway.isReady) },
    {
      method: 'PUT',
      path: /^\/agents$/,
      // Every agent is as it has to be.
      stream: ({ body }) => {
        const unchanged = parseBody(agentsBody, body).agents.map(({ slug }) => slug);
        const nothing = { applied: [], needCredential: [], unexpected: [], problems: [] };
        return Promise.resolve({ ...nothing, unchanged });
      },
    },
    {
      method: 'POST',
      path: /^\/turns$/,
      stream: async ({ body, signal }, emit) => {
        if (!gateway.isReady) throw new HqError('unreachable', 'OpenClaw is not ready.');
        const end = await begin(parseBody(turnRequest, body)).follow(emit, signal);
        if (end.state === 'ended') return end.result;
        throw new HqError('not_found', 'There is no such run.');
      },
    },
    {
      method: 'GET',
      path: /^\/turns\/([^/]+)$/,
      stream: async ({ params: [runId = ''], signal }, emit) =>
        (await turns.find(runId)?.follow(emit, signal)) ?? { state: 'unknown' },
    },
    {
      method: 'POST',
      path: /^\/turns\/([^/]+)\/abort$/,
      answer: async ({ params: [runId = ''], body }) => {
        parseBody(turnAbort, body);
        const turn = turns.find(runId);
        if (turn === undefined || turn.hasEnded) return { aborted: false };
        turn.abort(new HqError('cancelled', 'The turn was aborted.'));
        await turn.ended;
        return { aborted: true };
      },
    },
  ];
  const server = await serveControl(socket, routes, createLog('fatal', createRedactor([])));
  const gateway: TurnsGateway = { socket, begun, isReady: true, close: () => server.close() };
  return gateway;
}

function statusOf(ready: boolean): GatewayStatus {
  return {
    ...{ ready, version: '2026.9.6', doing: null, agents: [], steps: [], missing: [], rehearsal: false },
    confinement: { exec: false, browser: false, reason: null },
  };
}
