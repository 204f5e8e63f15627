import type { ActionName } from '@hq/shared/actions';
import type { Member } from '@hq/shared/client';
import type { LiveSnapshot, LiveStatus } from '@hq/shared/live';
import type { ChatCode } from '@hq/shared/queries';
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
import type { SecretDraft, WrittenSecret } from '../secrets/write-secret.ts';

export type LinkStatus = LiveStatus;
export type Snapshot<Row> = LiveSnapshot<Row>;

/** Rows that are watched: the last snapshot, and a call whenever there is another. */
export interface Feed<Row> {
  subscribe(listener: () => void): () => void;
  /** The same object until something changes. */
  getSnapshot(): Snapshot<Row>;
}

export interface OpenFeed<Row> extends Feed<Row> {
  close(): void;
}

export interface Request {
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, unknown>>;
  /** A gateway's slug or id; none where the action needs none. */
  readonly gateway?: string;
  readonly agent?: string;
}

/** Everything the screens read and do, for a member who is signed in. Its methods fail with an `HqError`. */
export interface House {
  readonly member: Member;
  /** Epoch milliseconds by the database's clock. */
  readonly now: () => number;
  readonly gateways: Feed<GatewayRow>;
  readonly agents: Feed<AgentRow>;
  readonly commands: Feed<CommandRow>;
  readonly alerts: Feed<NotificationRow>;
  readonly audit: Feed<AuditRow>;
  readonly secrets: Feed<SecretRow>;
  readonly chatLinks: Feed<ChatLinkRow>;
  readonly chatChannels: Feed<ChatChannelRow>;
  readonly chatBots: Feed<ChatBotRow>;
  /** The output of one command, live until it is closed. */
  readonly openOutput: (commandId: string) => OpenFeed<CommandOutputRow>;
  readonly enqueue: (request: Request) => Promise<CommandRow>;
  readonly cancel: (commandId: string) => Promise<CommandRow>;
  readonly acknowledge: (alertId: string) => Promise<void>;
  readonly dismiss: (alertId: string) => Promise<void>;
  /** Fails where nothing can be encrypted for this gateway: on every machine but its host. */
  readonly checkSecretsKey: (gateway: GatewayRow) => Promise<void>;
  readonly writeSecret: (draft: SecretDraft) => Promise<WrittenSecret>;
  readonly noteSecret: (secretId: string, note: string) => Promise<SecretRow>;
  readonly deleteSecret: (secretId: string) => Promise<SecretRow>;
  readonly issueChatCode: () => Promise<ChatCode>;
  readonly revokeChatLink: (linkId: string) => Promise<ChatLinkRow>;
  /** One command, also one that is too old for the newest ones. */
  readonly openCommand: (commandId: string) => OpenFeed<CommandRow>;
  readonly openCommandsOfAgent: (agentId: string) => OpenFeed<CommandRow>;
  /** Reads everything anew, and tries a lost link at once. */
  readonly refresh: () => void;
  readonly close: () => Promise<void>;
}

/** The way in: who is there before anyone is signed in. */
export interface Door {
  /** Host and port, for sentences. */
  readonly host: string;
  /** The house of the stored or given sign-in; null where somebody has to sign in first. */
  readonly enter: () => Promise<House | null>;
  readonly signIn: (email: string, password: string) => Promise<House>;
}
