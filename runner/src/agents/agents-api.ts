import {
  type AgentConditions,
  type AgentProgress,
  type AgentRemoved,
  type AgentSpec,
  type AgentsApplied,
  agentConditions,
  agentProgress,
  agentRemoved,
  agentSwitched,
  agentsApplied,
  type PairingApproval,
  type PairingApproved,
  pairingApproved,
  type SessionReset,
  type SessionToRead,
  type SessionTranscript,
  sessionReset,
  sessionTranscript,
} from '@hq/shared/agents';
import type { GatewayControl } from '../gateway-control.ts';

export type OnProgress = (line: AgentProgress) => void;

/** Requests of the control API that are about agents. Each throws `HqError`, `not_found` for an agent that is not there. */
export function agentsApi(gateway: Pick<GatewayControl, 'request' | 'stream'>) {
  const pathOf = (slug: string): string => `/agents/${encodeURIComponent(slug)}`;
  return {
    /** Makes the gateway's agents as they are described, and removes none. */
    apply(agents: readonly AgentSpec[], onLine: OnProgress, signal: AbortSignal): Promise<AgentsApplied> {
      const request = { method: 'PUT', path: '/agents', body: { agents }, signal } as const;
      return gateway.stream({ ...request, line: agentProgress, result: agentsApplied, onLine });
    },

    remove(slug: string, onLine: OnProgress, signal: AbortSignal): Promise<AgentRemoved> {
      const request = { method: 'DELETE', path: pathOf(slug), signal } as const;
      return gateway.stream({ ...request, line: agentProgress, result: agentRemoved, onLine });
    },

    /** Ends an agent's turns and stops its channel, or lets both begin again. */
    async setPaused(slug: string, isPaused: boolean, signal: AbortSignal): Promise<void> {
      const path = `${pathOf(slug)}/${isPaused ? 'pause' : 'resume'}`;
      await gateway.request({ method: 'POST', path, signal }, agentSwitched);
    },

    resetSession(slug: string, sessionKey: string | undefined, signal: AbortSignal): Promise<SessionReset> {
      const path = `${pathOf(slug)}/sessions/reset`;
      return gateway.request({ method: 'POST', path, body: { sessionKey }, signal }, sessionReset);
    },

    readSession(slug: string, body: SessionToRead, signal: AbortSignal): Promise<SessionTranscript> {
      const path = `${pathOf(slug)}/sessions/read`;
      return gateway.request({ method: 'POST', path, body, signal }, sessionTranscript);
    },

    /** Returns what keeps each agent from answering; `turnSeconds` is the time limit of a dispatched turn. */
    conditions(turnSeconds: number, signal: AbortSignal): Promise<AgentConditions> {
      const path = `/agents/conditions?turn_seconds=${turnSeconds}`;
      return gateway.request({ method: 'GET', path, signal }, agentConditions);
    },

    approvePairing(approval: PairingApproval, signal: AbortSignal): Promise<PairingApproved> {
      const path = '/pairings/approve';
      return gateway.request({ method: 'POST', path, body: approval, signal }, pairingApproved);
    },
  };
}

export type AgentsApi = ReturnType<typeof agentsApi>;
