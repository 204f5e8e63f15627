import { randomBytes } from 'node:crypto';
import type { Block, View } from './block-kit.ts';
import { type RenderedMessage, renderMessage } from './rendered-message.ts';

export interface SlackUser {
  readonly id: string;
  readonly name: string;
  /** The workspace of the user; another one for guests over Slack Connect. */
  readonly team: string;
  /** The Enterprise Grid of that workspace. */
  readonly enterprise: string | null;
}

export interface SlackChannel {
  readonly id: string;
  readonly name: string;
  readonly isDirect: boolean;
  readonly members: Set<string>;
}

export interface SlackMessage {
  readonly ts: string;
  readonly channel: string;
  readonly thread: string | undefined;
  /** The id of the author. */
  readonly author: string;
  /** Set for ephemeral messages. */
  readonly onlyFor: string | undefined;
  text: string;
  blocks: Block[] | undefined;
  /** The number of edits. */
  edits: number;
  deleted: boolean;
}

export interface SlackFile {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly uploadPath: string;
  title: string | undefined;
  content: Buffer | undefined;
  channel: string | undefined;
  thread: string | undefined;
  comment: string | undefined;
}

export interface OpenView {
  readonly id: string;
  readonly user: string;
  view: View;
  hash: string;
  /** The errors that the form shows, by the labels of its fields. */
  errors?: Readonly<Record<string, string>>;
}

/** One workspace with the app installed in it. */
export class Workspace {
  readonly team = numbered('T');
  /** Set to make it a workspace of an Enterprise Grid. */
  enterprise: string | null = null;
  readonly appId = numbered('A');
  readonly botUser = numbered('U');
  readonly botId = numbered('B');
  readonly users = new Map<string, SlackUser>();
  readonly channels = new Map<string, SlackChannel>();
  readonly messages: SlackMessage[] = [];
  readonly files: SlackFile[] = [];
  readonly views: OpenView[] = [];
  readonly homes = new Map<string, View>();
  #lastTs = 0;

  user(name: string, team = this.team, enterprise = team === this.team ? this.enterprise : null): SlackUser {
    const user = { id: numbered('U'), name, team, enterprise };
    this.users.set(user.id, user);
    return user;
  }

  /** Creates a channel with the bot and these users. */
  channel(name: string, members: readonly SlackUser[], withBot = true): SlackChannel {
    const ids = [...members.map((user) => user.id), ...(withBot ? [this.botUser] : [])];
    const channel = { id: numbered('C'), name, isDirect: false, members: new Set(ids) };
    this.channels.set(channel.id, channel);
    return channel;
  }

  /** Returns the direct conversation of a user with the bot. */
  direct(user: SlackUser): SlackChannel {
    for (const channel of this.channels.values()) {
      if (channel.isDirect && channel.members.has(user.id)) return channel;
    }
    const channel = {
      id: numbered('D'),
      name: 'directmessage',
      isDirect: true,
      members: new Set([user.id, this.botUser]),
    };
    this.channels.set(channel.id, channel);
    return channel;
  }

  post(
    message: Pick<SlackMessage, 'channel' | 'thread' | 'author' | 'onlyFor' | 'text' | 'blocks'>,
  ): SlackMessage {
    const posted = { ...message, ts: this.nextTs(), edits: 0, deleted: false };
    this.messages.push(posted);
    return posted;
  }

  find(channel: string, ts: string): SlackMessage | undefined {
    return this.messages.find((one) => one.channel === channel && one.ts === ts && !one.deleted);
  }

  /** Returns the public messages of a channel, with the ephemeral ones of `user`. */
  visibleMessages(channel: string, user?: string): SlackMessage[] {
    return this.messages.filter(
      (one) => one.channel === channel && !one.deleted && (one.onlyFor === undefined || one.onlyFor === user),
    );
  }

  render(message: SlackMessage): RenderedMessage {
    return renderMessage(message.text, message.blocks);
  }

  nextTs(): string {
    this.#lastTs = Math.max(this.#lastTs + 1, Date.now() * 1000);
    return `${Math.floor(this.#lastTs / 1e6)}.${String(this.#lastTs % 1e6).padStart(6, '0')}`;
  }
}

function numbered(letter: string): string {
  return `${letter}0${randomBytes(5).toString('hex').toUpperCase()}`;
}
