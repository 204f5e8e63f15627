import type { OpenClawPluginApi } from 'openclaw/plugin-sdk/plugin-entry';
import type { Services } from '../services.ts';
import { boundAgent } from './bound-agent.ts';
import { longestWaitMs } from './budget-gate.ts';
import { execEnvironment } from './exec-environment.ts';

/** `endRun` ends the run of a session by its id. */
export function registerHooks(
  api: OpenClawPluginApi,
  services: Services,
  endRun: (sessionId: string) => Promise<void>,
): void {
  registerUsage(api, services);
  registerBudget(api, services, endRun);
  registerPairing(api, services);
  api.on('resolve_exec_env', (_event, { agentId }) =>
    execEnvironment(services.stateDir, services.records, agentId, services.warnOnce),
  );
}

function registerUsage(api: OpenClawPluginApi, { meter, gate }: Services): void {
  api.on('model_call_started', ({ runId, sessionKey: ofEvent, sessionId }, context) => {
    const sessionKey = ofEvent ?? context.sessionKey;
    if (sessionKey === undefined) return;
    meter.callStarted(sessionKey, { runId, sessionId });
    if (context.agentId !== undefined) gate.callStarted(context.agentId, sessionKey);
  });
  // Synchronous: the answer is on disk before the run goes on.
  api.on('before_message_write', ({ message, sessionKey: ofEvent }, { sessionKey = ofEvent, agentId }) => {
    if (sessionKey === undefined || agentId === undefined) return;
    const isAnswer = meter.messageStored(sessionKey, agentId, message);
    if (isAnswer) gate.callEnded(agentId, sessionKey);
    else gate.forget(agentId);
  });
  api.on('agent_end', (_event, { agentId, sessionKey }) => {
    if (agentId !== undefined && sessionKey !== undefined) gate.callEnded(agentId, sessionKey);
  });
  api.on('llm_output', ({ runId, sessionId, provider, model, usage }, { agentId }) =>
    meter.attemptEnded({ runId, agentId, sessionId, provider, model, usage }),
  );
}

function registerBudget(
  api: OpenClawPluginApi,
  { gate, toolRuns, log }: Services,
  endRun: (sessionId: string) => Promise<void>,
): void {
  api.on(
    'before_agent_run',
    async (_event, { agentId, sessionKey }) => {
      const refusal = await gate.beforeRun(agentId, sessionKey);
      return refusal === null ? undefined : { outcome: 'block', reason: refusal, message: refusal };
    },
    // OpenClaw blocks the run when this takes longer.
    { timeoutMs: longestWaitMs + 15_000 },
  );
  api.registerTrustedToolPolicy({
    id: 'hq-budget',
    description: 'Stops a run whose agent may not spend any more.',
    evaluate: async ({ toolCallId, runId }, context) => {
      toolRuns.add(toolCallId, runId ?? context.runId);
      const refusal = await gate.beforeTool(context.agentId, context.sessionKey);
      if (refusal === null) return undefined;
      // The model would go on and spend more: the run ends after this answer.
      const { sessionId } = context;
      if (sessionId !== undefined) {
        setImmediate(() => {
          endRun(sessionId).catch(() => log.warn('A run above its budget could not be ended.'));
        });
      }
      return { block: true, blockReason: refusal };
    },
  });
}

function registerPairing(api: OpenClawPluginApi, services: Services): void {
  api.on('channel_pairing_requested', (event) => {
    const request = services.pairings.add(event);
    const { channel, account, sender, senderName, code, expiresAt } = request;
    const agent = boundAgent(api.runtime.config.current(), channel, account) ?? account;
    if (services.records.find(agent) === null) {
      services.warnOnce(`A pairing request of ${channel} belongs to no agent of HQ; HQ does not show it.`);
      return;
    }
    services.deliver({
      agent,
      operation: 'pairing_requested',
      args: { channel, account, sender, sender_name: senderName, code, expires_at: expiresAt },
    });
  });
}
