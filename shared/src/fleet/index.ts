export { type Attention, type AttentionKind, type Fleet, isRunnerLost, needsAttention } from './attention.ts';
export { chatBotState } from './chat-bot.ts';
export { type GatewayCondition, gatewayCondition, isUnwell, since, staleAfterMs } from './condition.ts';
