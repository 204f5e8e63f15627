import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../../../db/testing/exchange.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { textOf } from '../../../testing/test-adapter.ts';

let chat: ChatTestStack;
let open: OpenCore;

beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
});
afterAll(() => chat.close());

describe('after a restart', () => {
  it('a card is found whose press was never answered', async () => {
    const operator = await chat.person('operator');
    const slack = open.adapter('slack');
    const question = await slack.ask(operator, 'restart gateway');
    const hangs = { ok: false, problem: { kind: 'wait', afterMs: 600_000 } } as const;
    slack.faults.push(hangs);
    await slack.press(operator, question, 'Confirm');
    await eventually(async () =>
      expect(
        await chat.stack.database.query('select handle, closed from chat_cards where channel = $1', [
          operator.channel,
        ]),
      ).toMatchObject([{ handle: question.handle, closed: false }]),
    );
    await chat.stack.database.query(
      `update agent_commands set status = 'cancelled' where status = 'pending'`,
    );
  });

  it('the end of a private command in a channel is sent there without its output', async () => {
    const slack = open.adapter('slack');
    const operator = chat.inChannel(await chat.person('operator'), 'C-shared');
    await chat.stack.database.query(
      `insert into chat_channels (platform, install, channel, ceiling) values ('slack', 'T1', 'C-shared', 'operator')`,
    );
    expect((await slack.ask(operator, 'ping')).private).toBe(true);
    await eventually(async () =>
      expect(
        await chat.stack.database.query(`select 1 from chat_cards where channel = 'C-shared'`),
      ).toHaveLength(1),
    );
    await open.close();
    const { lease_token: token } = await claimOne(chat.stack.database, chat.gateway);
    await exchange(chat.stack.database, {
      gateway: chat.gateway,
      results: [{ token, status: 'done', exit_code: 0, stdout: 'for one alone', result: { runner: 'r1' } }],
    });
    open = await chat.open({}, [slack, open.adapter('discord'), open.adapter('telegram')]);
    const count = slack.messages.length;
    await open.core.resume('slack');
    const told = await eventually(() => {
      const found = slack.messages.slice(count).find(({ channel }) => channel === 'C-shared');
      if (found === undefined) throw new Error('nothing was told there');
      return found;
    });
    expect(told.private).toBe(false);
    expect(told.card.state).toMatch(/^done in /);
    expect(textOf(told.card)).not.toMatch(/for one alone|answered by/);
  });

  it('a question of an earlier process expires, and one that is answered then does not', async () => {
    const operator = await chat.person('operator');
    const other = await chat.person('operator');
    const slack = open.adapter('slack');
    const { database } = chat.stack;
    const left = await slack.ask(operator, 'restart gateway');
    const answered = await slack.ask(other, 'restart gateway');
    const waiting = () =>
      database.query(
        'select 1 from chat_confirmations where question is not null and decided_at is null and channel = any ($1)',
        [[operator.channel, other.channel]],
      );
    await eventually(async () => expect(await waiting()).toHaveLength(2));
    await open.close();
    await database.query(
      `update chat_confirmations set expires_at = clock_timestamp() + interval '3 seconds' where decided_at is null`,
    );
    open = await chat.open({}, [slack, open.adapter('discord'), open.adapter('telegram')]);
    await open.core.resume('slack');
    await slack.press(other, answered, 'Confirm');
    await eventually(() => expect(left.card.state).toBe('expired, nothing was done'));
    expect(left.card.buttons ?? []).toEqual([]);
    expect(answered.card.stamp).toMatch(/^confirmed by /);
    await eventually(async () => expect(await waiting()).toEqual([]));
    await database.query(`update agent_commands set status = 'cancelled' where status = 'pending'`);
  });

  it('cards of an earlier process are edited in place', async () => {
    const operator = await chat.person('operator');
    const slack = open.adapter('slack');
    const shown = await slack.ask(operator, 'pause_gateway');
    await eventually(async () =>
      expect(
        await chat.stack.database.query('select 1 from chat_cards where channel = $1', [operator.channel]),
      ).toHaveLength(1),
    );
    await open.close();
    await chat.stack.database.query(
      `update agent_commands set status = 'cancelled' where status = 'pending'`,
    );
    open = await chat.open({}, [slack, open.adapter('discord'), open.adapter('telegram')]);
    await open.core.resume('slack');
    await eventually(() => expect(shown.card.state).toBe('cancelled'));
    await eventually(async () =>
      expect(
        await chat.stack.database.query('select 1 from chat_cards where channel = $1 and not closed', [
          operator.channel,
        ]),
      ).toEqual([]),
    );
  });
});
