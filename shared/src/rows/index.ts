export { type AgentRow, agentRow, agentStatuses } from './agent.ts';
export { type AgentActivityRow, agentActivityRow } from './agent-activity.ts';
export {
  type AgentHealth,
  type AgentHealthRow,
  agentHealth,
  agentHealthRow,
  healthStates,
  isTrouble,
} from './agent-health.ts';
export { type AuditRow, auditRow } from './audit.ts';
export {
  type ChatBotRow,
  type ChatChannelRow,
  type ChatLinkRow,
  chatBotRow,
  chatChannelRow,
  chatLinkRow,
} from './chat.ts';
export { type CommandRow, type CommandStatus, commandRow, commandStatuses, isFinished } from './command.ts';
export { type CommandOutputRow, commandOutputRow } from './command-output.ts';
export { type GatewayRow, gatewayRow, gatewayStatuses } from './gateway.ts';
export { type NeedRow, needRow, type OfferedAction, type QuestionRow, questionRow } from './need.ts';
export { type NotificationRow, notificationRow } from './notification.ts';
export { isWaiting, type PairingRow, pairingRow, pairingStatuses } from './pairing.ts';
export { type SecretCategory, type SecretRow, secretCategories, secretRow, secretStates } from './secret.ts';
export {
  type InboxItemRow,
  inboxItemRow,
  itemStatuses,
  openItemStatuses,
  openTaskStatuses,
  type TaskRow,
  taskRow,
  taskStatuses,
  type UsageRow,
  usageRow,
  type Wait,
  wait,
} from './work.ts';
export { type WorkspaceRow, workspaceRow } from './workspace.ts';
