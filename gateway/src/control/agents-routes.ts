import { agentSpec, pairingApproval } from '@hq/shared/agents';
import { z } from 'zod';
import {
  type AgentsContext,
  applyAgents,
  approvePairing,
  listPairings,
  pauseAgent,
  removeAgent,
  resetSession,
  resumeAgent,
} from '../agents/index.ts';
import { parseBody, type Route } from './route.ts';

const agents = z.object({ agents: z.array(agentSpec) });
const session = z.object({ sessionKey: z.string().optional() }).default({});

/** Routes of the agents and of the people who wait for an approval. `context` throws `unreachable` during a start. */
export function agentsRoutes(context: () => AgentsContext): readonly Route[] {
  return [
    {
      method: 'PUT',
      path: /^\/agents$/,
      stream: ({ body, signal }, emit) => {
        const specs = parseBody(agents, body).agents;
        return applyAgents(context(), specs, (progress) => emit({ progress }), signal);
      },
    },
    {
      method: 'DELETE',
      path: /^\/agents\/([^/]+)$/,
      stream: ({ params: [slug = ''], signal }, emit) =>
        removeAgent(context(), slug, (progress) => emit({ progress }), signal),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/pause$/,
      answer: ({ params: [slug = ''] }) => pauseAgent(context(), slug),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/resume$/,
      answer: ({ params: [slug = ''] }) => resumeAgent(context(), slug),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/sessions\/reset$/,
      answer: ({ params: [slug = ''], body }) =>
        resetSession(context(), slug, parseBody(session, body).sessionKey),
    },
    {
      method: 'GET',
      path: /^\/pairings$/,
      answer: async () => ({ requests: await listPairings(context()) }),
    },
    {
      method: 'POST',
      path: /^\/pairings\/approve$/,
      answer: ({ body }) => approvePairing(context(), parseBody(pairingApproval, body)),
    },
  ];
}
