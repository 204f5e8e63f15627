import { agentSpec, pairingApproval, sessionToRead } from '@hq/shared/agents';
import { z } from 'zod';
import {
  type AgentsContext,
  type AgentsHealth,
  applyAgents,
  approvePairing,
  listPairings,
  pauseAgent,
  readSession,
  removeAgent,
  resetSession,
  resumeAgent,
} from '../agents/index.ts';
import { parseBody, type Route } from './route.ts';

const agentsBody = z.object({ agents: z.array(agentSpec).max(200) });
const sessionBody = z.object({ sessionKey: z.string().max(500).nullish() }).default({});

const turnSeconds = z.coerce.number().positive().catch(300);

/** Parts of the gateway that the routes call. Both throw `unreachable` until OpenClaw is ready. */
export interface AgentRoutesOptions {
  readonly agents: () => AgentsContext;
  readonly health: () => Pick<AgentsHealth, 'read'>;
}

/** Routes that read and change agents. */
export function agentRoutes({ agents, health }: AgentRoutesOptions): readonly Route[] {
  const lines = (emit: (line: object) => void) => (progress: string) => emit({ progress });
  return [
    {
      method: 'PUT',
      path: /^\/agents$/,
      stream: ({ body, signal }, emit) =>
        applyAgents(agents(), parseBody(agentsBody, body).agents, lines(emit), signal),
    },
    {
      method: 'DELETE',
      path: /^\/agents\/([^/]+)$/,
      stream: ({ params: [slug = ''], signal }, emit) => removeAgent(agents(), slug, lines(emit), signal),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/pause$/,
      answer: ({ params: [slug = ''] }) => pauseAgent(agents(), slug),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/resume$/,
      answer: ({ params: [slug = ''] }) => resumeAgent(agents(), slug),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/sessions\/reset$/,
      answer: ({ params: [slug = ''], body }) =>
        resetSession(agents(), slug, parseBody(sessionBody, body).sessionKey ?? undefined),
    },
    {
      method: 'POST',
      path: /^\/agents\/([^/]+)\/sessions\/read$/,
      answer: ({ params: [slug = ''], body }) => readSession(agents(), slug, parseBody(sessionToRead, body)),
    },
    {
      method: 'GET',
      path: /^\/agents\/conditions$/,
      answer: ({ query }) => health().read(turnSeconds.parse(query.get('turn_seconds'))),
    },
    {
      method: 'GET',
      path: /^\/pairings$/,
      answer: async () => ({ requests: await listPairings(agents()) }),
    },
    {
      method: 'POST',
      path: /^\/pairings\/approve$/,
      answer: ({ body }) => approvePairing(agents(), parseBody(pairingApproval, body)),
    },
  ];
}
