import type { HqClient } from '@hq/shared/client';
import type { LiveQuery } from '@hq/shared/live';
import type {
  AgentRow,
  AuditRow,
  ChatBotRow,
  ChatChannelRow,
  ChatLinkRow,
  CommandOutputRow,
  CommandRow,
  GatewayRow,
  NotificationRow,
  SecretRow,
} from '@hq/shared/rows';
import { agentsStore } from './agents.ts';
import { auditStore } from './audit.ts';
import { chatBotsStore, chatChannelsStore, chatLinksStore } from './chat.ts';
import { commandOutputStore } from './command-output.ts';
import { commandStore, commandsStore } from './commands.ts';
import { gatewaysStore } from './gateways.ts';
import { notificationsStore } from './notifications.ts';
import { secretsStore } from './secrets.ts';

/** What the screens show. A store costs nothing until somebody subscribes to it. */
export interface Stores {
  readonly gateways: LiveQuery<GatewayRow>;
  readonly agents: LiveQuery<AgentRow>;
  /** The newest of all. */
  readonly commands: LiveQuery<CommandRow>;
  readonly notifications: LiveQuery<NotificationRow>;
  readonly audit: LiveQuery<AuditRow>;
  /** Without their values. */
  readonly secrets: LiveQuery<SecretRow>;
  readonly chatLinks: LiveQuery<ChatLinkRow>;
  readonly chatChannels: LiveQuery<ChatChannelRow>;
  readonly chatBots: LiveQuery<ChatBotRow>;
  /** These make a new store each time: keep it while its screen is open, and close it then. */
  commandsOfGateway(gatewayId: string): LiveQuery<CommandRow>;
  commandsOfAgent(agentId: string): LiveQuery<CommandRow>;
  command(id: string): LiveQuery<CommandRow>;
  commandOutput(id: string): LiveQuery<CommandOutputRow>;
  /** Reads everything that is shown now. */
  refresh(): void;
  /** The standing ones; those that were made are their makers' to close. */
  close(): void;
}

export function createStores(client: HqClient): Stores {
  const gateways = gatewaysStore(client);
  const agents = agentsStore(client);
  const commands = commandsStore(client);
  const notifications = notificationsStore(client);
  const audit = auditStore(client);
  const secrets = secretsStore(client);
  const chatLinks = chatLinksStore(client);
  const chatChannels = chatChannelsStore(client);
  const chatBots = chatBotsStore(client);
  const standing = [
    gateways,
    agents,
    commands,
    notifications,
    audit,
    secrets,
    chatLinks,
    chatChannels,
    chatBots,
  ];
  return {
    gateways,
    agents,
    commands,
    notifications,
    audit,
    secrets,
    chatLinks,
    chatChannels,
    chatBots,
    commandsOfGateway: (gatewayId) => commandsStore(client, { gatewayId }),
    commandsOfAgent: (agentId) => commandsStore(client, { agentId }),
    command: (id) => commandStore(client, id),
    commandOutput: (id) => commandOutputStore(client, id),
    refresh() {
      for (const store of standing) store.refresh();
    },
    close() {
      for (const store of standing) store.close();
    },
  };
}
