export { liveAgentActivity } from './agent-activity.ts';
export { liveAgentHealth, readAgentHealth } from './agent-health.ts';
export { liveAgents, readAgents } from './agents.ts';
export { liveAudit, readAudit } from './audit.ts';
export {
  liveChatBots,
  liveChatChannels,
  liveChatLinks,
  readChatBots,
  readChatChannels,
  readChatLinks,
} from './chat.ts';
export { type ChatCode, issueChatCode, revokeChatLink } from './chat-linking.ts';
export { liveCommandOutput, readCommandOutput, readLastOutput } from './command-output.ts';
export {
  countCommands,
  liveCommand,
  liveCommands,
  liveCommandsById,
  readCommands,
  readCommandsBetween,
  readCommandsById,
} from './commands.ts';
export { type GatewayToken, issueGatewayToken } from './gateway-tokens.ts';
export { liveGateway, liveGateways, readGateways } from './gateways.ts';
export { createLiveRows, type LiveRows } from './live-rows.ts';
export { liveNeeds, readNeeds, readQuestion } from './needs.ts';
export { liveNotifications, readNotifications, settleNotification } from './notifications.ts';
export { livePairings, readPairings } from './pairings.ts';
export { liveSecrets, readSecrets } from './secrets.ts';
export { readInbox, readTasks, readUsage, readWaits } from './work.ts';
export { liveWorkspace, readWorkspace } from './workspace.ts';
