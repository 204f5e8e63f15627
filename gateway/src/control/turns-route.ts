import { HqError } from '@hq/shared/errors';
import { turnRequest } from '@hq/shared/gateway';
import type { GatewayPaths } from '../environment.ts';
import type { ReadyOpenClaw } from '../ready-openclaw.ts';
import { findAgent } from '../turns/find-agent.ts';
import { runTurn } from '../turns/turn.ts';
import { parseBody, type StreamRoute } from './route.ts';

/** `POST /turns`: one turn with its text and tools while it runs. A client that closes the request aborts the turn. */
export function turnsRoute(openclaw: () => ReadyOpenClaw, paths: GatewayPaths): StreamRoute {
  return {
    method: 'POST',
    path: /^\/turns$/,
    stream: async ({ body, signal }, emit) => {
      const request = parseBody(turnRequest, body);
      const { client } = openclaw();
      const agentId = await findAgent(client, paths.agents, request.agent, signal);
      const sessionKey = request.sessionKey ?? `agent:${agentId}:hq`;
      if (!sessionKey.startsWith(`agent:${agentId}:`)) {
        throw new HqError('usage', `The session ${sessionKey} is not one of ${request.agent}.`, {
          hint: `Its sessions begin with agent:${agentId}:`,
          field: 'sessionKey',
        });
      }
      const turn = {
        agentId,
        sessionKey,
        message: request.message,
        runId: request.runId,
        model: request.model ?? null,
        thinking: request.thinking ?? null,
        timeoutSeconds: request.timeoutSeconds,
      };
      return runTurn(client, turn, emit, signal);
    },
  };
}
