import type { ActionName } from '@hq/shared/actions';
import type { Member } from '@hq/shared/client';
import type { LiveQuery, LiveSnapshot, LiveStatus } from '@hq/shared/live';
import type { ChatCode, LiveRows } from '@hq/shared/queries';
import type { ChatLinkRow, CommandRow, GatewayRow, QuestionRow, SecretRow } from '@hq/shared/rows';
import type { SecretDraft, WrittenSecret } from '../secrets/write-secret.ts';

export type ConnectionStatus = LiveStatus;
export type Snapshot<Row> = LiveSnapshot<Row>;

/** Rows that are kept up to date: the last snapshot, and a call whenever there is another. */
export type Feed<Row> = Pick<LiveQuery<Row>, 'subscribe' | 'getSnapshot' | 'readOlder'>;
export type OpenFeed<Row> = Feed<Row> & Pick<LiveQuery<Row>, 'close'>;

type FeedOf<Query> =
  Query extends LiveQuery<infer Row>
    ? Feed<Row>
    : Query extends (id: string) => LiveQuery<infer Row>
      ? (id: string) => OpenFeed<Row>
      : never;

/** The live queries of `@hq/shared/queries`, as the screens use them. */
type SessionRows = {
  readonly [Name in Exclude<keyof LiveRows, 'refresh' | 'close'>]: FeedOf<LiveRows[Name]>;
};

export interface CommandRequest {
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, unknown>>;
  /** A gateway's slug or id; none where the action needs none. */
  readonly gateway?: string;
  readonly agent?: string;
}

/** Everything that the screens read and do for a member who is signed in. Methods fail with an `HqError`. */
export interface Session extends SessionRows {
  readonly member: Member;
  /** Epoch milliseconds by the database's clock. */
  readonly now: () => number;
  readonly enqueue: (request: CommandRequest) => Promise<CommandRow>;
  readonly cancel: (commandId: string) => Promise<CommandRow>;
  readonly acknowledge: (notificationId: string) => Promise<void>;
  readonly dismiss: (notificationId: string) => Promise<void>;
  /** Reads the outcome of a question; null for one that does not exist. */
  readonly question: (id: string) => Promise<QuestionRow | null>;
  /** Fails where nothing can be encrypted for this gateway, or for any: on every machine but its host. */
  readonly checkSecretsKey: (gateway: GatewayRow | null) => Promise<void>;
  readonly writeSecret: (draft: SecretDraft) => Promise<WrittenSecret>;
  readonly noteSecret: (secretId: string, note: string) => Promise<SecretRow>;
  readonly deleteSecret: (secretId: string) => Promise<SecretRow>;
  readonly issueChatCode: () => Promise<ChatCode>;
  readonly revokeChatLink: (linkId: string) => Promise<ChatLinkRow>;
  /** Reads every open feed again, and retries a lost connection at once. */
  readonly refresh: () => void;
  /** Returns why this session is over, as a sentence; null while it goes on, and while HQ does not answer. */
  readonly whyEnded: () => Promise<string | null>;
  readonly close: () => Promise<void>;
}

/** An HQ that nobody is signed in to yet. */
export interface Connector {
  /** Host and port, for sentences. */
  readonly host: string;
  /** Opens a session with the stored or given credentials; null where somebody has to sign in first. */
  readonly connect: () => Promise<Session | null>;
  /** Returns true where this HQ has another address now, which the next `connect` uses. */
  readonly hasMoved: () => Promise<boolean>;
  readonly signIn: (email: string, password: string) => Promise<Session>;
}
