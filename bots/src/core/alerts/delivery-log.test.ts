import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, openChatStack } from '../../../testing/chat-stack.ts';
import { createChatApi } from '../api/chat-api.ts';
import { createDeliveryLog, type DeliveryLog } from './delivery-log.ts';

let chat: ChatTestStack;
let keeper: DeliveryLog;
let subscription: string;
beforeAll(async () => {
  chat = await openChatStack();
  keeper = createDeliveryLog(
    createChatApi(chat.bot),
    { saveMs: 5, pollMs: 50 },
    pino({ level: process.env.TEST_LOG ?? 'silent' }),
  );
  const [row] = await chat.stack.database.query<{ id: string }>(
    `insert into chat_subscriptions (tenant_id, platform, install, channel, kind, cursor)
     values ($1, 'slack', 'T1', 'C1', 'group', 'at first') returning id`,
    [nilTenant],
  );
  subscription = row?.id ?? '';
});
afterAll(() => chat.close());

const keep = (key: string, open: boolean, cursor = '') =>
  keeper.record({ subscription_id: subscription, cursor, messages: [{ key, handle: { id: key }, open }] });
const kept = async () => {
  const { database } = chat.stack;
  const messages = await database.query<{ key: string }>('select key from chat_alert_messages order by key');
  const [row] = await database.query<{ cursor: string; disabled_reason: string | null }>(
    'select cursor, disabled_reason from chat_subscriptions',
  );
  return { ...row, messages: messages.map(({ key }) => key) };
};

it('records deliveries, and leaves the cursor without new alerts', async () => {
  keep('a', true, 'further');
  keep('b', true);
  await eventually(async () =>
    expect(await kept()).toEqual({ cursor: 'further', disabled_reason: null, messages: ['a', 'b'] }),
  );
  keep('a', false);
  await eventually(async () => expect((await kept()).messages).toEqual(['b']));
});

it('records later while the database is unreachable, the newest last', { timeout: 60_000 }, async () => {
  await chat.stack.stopApi();
  keep('c', true, 'away');
  await keeper.flush();
  keep('c', false);
  keep('d', true, 'further away');
  await keeper.flush();
  await chat.stack.startApi();
  await eventually(async () =>
    expect(await kept()).toEqual({ cursor: 'further away', disabled_reason: null, messages: ['b', 'd'] }),
  );
});

it('records a closed chat together with its other deliveries', async () => {
  keeper.record({ subscription_id: subscription, cursor: '', messages: [], disabled: 'the bot was blocked' });
  keep('e', true);
  await keeper.flush();
  expect(await kept()).toMatchObject({ disabled_reason: 'the bot was blocked', messages: ['b', 'd', 'e'] });
});
