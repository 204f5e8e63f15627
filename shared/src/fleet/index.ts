export { type Attention, type AttentionKind, type Fleet, isRunnerLost, needsAttention } from './attention.ts';
export { chatBotState } from './chat-bot.ts';
export { type CommandPhase, commandPhase, runTimeMs } from './command-phase.ts';
export { type GatewayCondition, gatewayCondition, isUnwell, staleAfterMs } from './condition.ts';
