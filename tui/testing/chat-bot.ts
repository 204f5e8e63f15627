import type { Role } from '@hq/shared/actions';
import type { Caller, TestDatabase } from '../../db/testing/database.ts';

/** Reports to the database in place of a chat bot that is connected to a platform. */
export interface ChatBot {
  /** Sends a code as this account of Slack. */
  link(account: string, code: string): Promise<unknown>;
  /** Binds a channel, in the name of an account that is linked to an admin. */
  bind(account: string, channel: string, ceiling: Role): Promise<unknown>;
  beat(state: string, detail: string | null): Promise<void>;
}

export async function chatBot(database: TestDatabase): Promise<ChatBot> {
  const bot: Caller & { id: string } = await database.addUser({ role: 'viewer' });
  await database.query('insert into chat_bots (user_id) values ($1)', [bot.id]);
  let deliveries = 0;
  const said = (user: string, channel: string, kind: string): string => {
    deliveries += 1;
    return JSON.stringify({
      platform: 'slack',
      install: 'T1',
      user,
      channel,
      kind,
      delivery: `d${deliveries}`,
    });
  };
  const ask = async (sql: string, values: readonly unknown[]): Promise<unknown> => {
    const [row] = await database.as<{ answer: unknown }>(bot, `select ${sql} as answer`, values);
    return row?.answer;
  };
  return {
    link: (account, code) => ask('chat_link($1, $2)', [said(account, 'D1', 'direct'), code]),
    bind: (account, channel, ceiling) =>
      ask('chat_bind($1, $2, null, null)', [said(account, channel, 'group'), ceiling]),
    beat: async (state, detail) => {
      const heard = new Date().toISOString();
      const adapter = {
        platform: 'slack',
        install: 'T1',
        fingerprint: '0123456789abcdef',
        state,
        detail,
        last_inbound_at: heard,
        last_outbound_at: null,
      };
      await ask('chat_heartbeat($1, $2)', ['holder', JSON.stringify([adapter])]);
    },
  };
}
