import type { HqClient } from '../client/index.ts';
import { liveAgentActivity } from './agent-activity.ts';
import { liveAgentHealth } from './agent-health.ts';
import { liveAgents } from './agents.ts';
import { liveAudit } from './audit.ts';
import { liveChatBots, liveChatChannels, liveChatLinks } from './chat.ts';
import { liveCommandOutput } from './command-output.ts';
import { liveCommand, liveCommands } from './commands.ts';
import { liveGateways } from './gateways.ts';
import { liveNeeds } from './needs.ts';
import { liveNotifications } from './notifications.ts';
import { livePairings } from './pairings.ts';
import { liveSecrets } from './secrets.ts';
import { liveWorkspace } from './workspace.ts';

export type LiveRows = ReturnType<typeof createLiveRows>;

/** The live queries of one session. A query costs nothing before its first subscription. */
export function createLiveRows(client: HqClient) {
  const lists = {
    gateways: liveGateways(client),
    agents: liveAgents(client),
    health: liveAgentHealth(client),
    commands: liveCommands(client),
    notifications: liveNotifications(client),
    needs: liveNeeds(client),
    workspace: liveWorkspace(client),
    audit: liveAudit(client),
    pairings: livePairings(client),
    secrets: liveSecrets(client),
    chatLinks: liveChatLinks(client),
    chatChannels: liveChatChannels(client),
    chatBots: liveChatBots(client),
  };
  return {
    ...lists,
    // These four return a new query each time; its caller closes it.
    commandsOfAgent: (agentId: string) => liveCommands(client, { agentId }),
    activityOfAgent: (agentId: string) => liveAgentActivity(client, agentId),
    command: (id: string) => liveCommand(client, id),
    commandOutput: (id: string) => liveCommandOutput(client, id),
    /** Reads again every list that is subscribed to. */
    refresh(): void {
      for (const list of Object.values(lists)) list.refresh();
    },
    /** Closes the lists, not the queries that the four functions returned. */
    close(): void {
      for (const list of Object.values(lists)) list.close();
    },
  };
}
