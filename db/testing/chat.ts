import { randomUUID } from 'node:crypto';
import { type Caller, nilTenant, type TestDatabase } from './database.ts';
import type { Answer } from './enqueue.ts';

/** A delivery as an adapter describes it. */
export interface Chat {
  readonly platform: 'slack' | 'discord' | 'telegram';
  readonly install: string;
  readonly user: string;
  readonly channel: string;
  readonly thread?: string;
  readonly kind: 'direct' | 'group';
  readonly delivery: string;
  /** Why this can be nobody who is linked, as far as the adapter knows. */
  readonly stranger?: 'bot' | 'anonymous' | 'outsider';
}

/** The answer of a chat function. */
export interface ChatAnswer extends Answer {
  readonly confirm?: {
    readonly token: string;
    readonly kind: string;
    readonly expected: string | null;
    readonly expires_at: string;
  };
  readonly [field: string]: unknown;
}

export interface Account extends Omit<Chat, 'delivery'> {
  readonly member: Caller & { readonly id: string };
}

type NewAccount = Partial<Omit<Chat, 'delivery'>> & { readonly tenant?: string };

/** A bot of a tenant and the people who write to it, against a database of its own. */
export interface ChatFixture {
  readonly bot: Caller & { readonly id: string };
  /** A delivery by an account; what is not said is a direct message in Slack. */
  delivery(account: Partial<Chat>): Chat;
  /** A member with a linked account. */
  link(role: 'viewer' | 'operator' | 'admin', account?: NewAccount): Promise<Account>;
  /** Calls one of the functions, in the bot's name unless another caller is given. */
  call(
    name: string,
    chat: Partial<Chat>,
    args?: Readonly<Record<string, unknown>>,
    by?: Caller,
  ): Promise<ChatAnswer>;
  /** Calls a function that takes no chat. */
  request(name: string, args?: Readonly<Record<string, unknown>>, by?: Caller): Promise<ChatAnswer>;
  /** Binds a channel for the group chats of a test. */
  bind(channel: string, ceiling: string): Promise<void>;
}

/** The same account in a direct message, which its platform shows by the ids. */
function directlyWith(chat: Omit<Chat, 'delivery'>): Partial<Chat> {
  const place = { slack: { channel: 'D0' }, discord: { install: '@me' }, telegram: { channel: chat.user } };
  return { ...chat, kind: 'direct', ...place[chat.platform] };
}

export async function openChatFixture(database: TestDatabase, tenant = nilTenant): Promise<ChatFixture> {
  const bot = await database.addUser({ role: 'viewer', tenant });
  await database.query(`insert into chat_bots (tenant_id, user_id) values ($1, $2)`, [tenant, bot.id]);

  const delivery = (account: Partial<Chat>): Chat => ({
    platform: account.platform ?? 'slack',
    install: account.install ?? 'T1',
    user: account.user ?? 'U0',
    channel: account.channel ?? 'D0',
    ...(account.thread !== undefined && { thread: account.thread }),
    kind: account.kind ?? 'direct',
    delivery: account.delivery ?? randomUUID(),
    ...(account.stranger !== undefined && { stranger: account.stranger }),
  });
  const request: ChatFixture['request'] = async (name, args = {}, by = bot) => {
    const given = Object.entries(args);
    const list = given.map(([key], index) => `p_${key} => $${index + 1}`).join(', ');
    const values = given.map(([, value]) =>
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    );
    const [row] = await database.as<{ answer: ChatAnswer }>(by, `select ${name}(${list}) as answer`, values);
    if (row === undefined) throw new Error(`${name} gave no answer`);
    return row.answer;
  };
  const call: ChatFixture['call'] = (name, chat, args = {}, by = bot) =>
    request(name, { chat: delivery(chat), ...args }, by);

  return {
    bot,
    delivery,
    call,
    request,
    link: async (role, account = {}) => {
      const member = await database.addUser({ role, tenant });
      const { delivery: _one, ...chat } = delivery({ user: `U-${randomUUID()}`, ...account });
      const { code } = await request('issue_chat_code', {}, member);
      const { refused } = await call('chat_link', directlyWith(chat), { code });
      if (refused !== undefined) throw new Error(refused.message);
      return { ...chat, member };
    },
    bind: async (channel, ceiling) => {
      await database.query(
        `insert into chat_channels (tenant_id, platform, install, channel, ceiling) values ($1, 'slack', 'T1', $2, $3)
         on conflict (tenant_id, platform, install, channel) do update set ceiling = excluded.ceiling`,
        [tenant, channel, ceiling],
      );
    },
  };
}
