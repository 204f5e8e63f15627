export { type Attention, type AttentionKind, type Fleet, isRunnerLost, needsAttention } from './attention.ts';
export { type GatewayCondition, gatewayCondition, isUnwell, since, staleAfterMs } from './condition.ts';
