export { applyAgents } from './apply-agents.ts';
export { type AgentsContext, openContext } from './context.ts';
export { approvePairing, listPairings } from './pairings.ts';
export { removeAgent } from './remove-agent.ts';
export { prepareRepository } from './repository/repository.ts';
export { resetSession } from './sessions.ts';
export { pauseAgent, resumeAgent } from './switch-agent.ts';
export { watchConfig } from './watch-config.ts';
