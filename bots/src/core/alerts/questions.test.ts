import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AgentCall, asAgent } from '../../../../db/testing/agent-call.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { buttonOf, type ShownMessage, textOf } from '../../../testing/test-adapter.ts';
import type { Sender } from '../../contract/inbound.ts';
import { type AlertEngine, createAlertEngine } from './alert-engine.ts';

let chat: ChatTestStack;
let open: OpenCore;
let engine: AlertEngine;
let call: AgentCall;
const timing = { gatherMs: 20, pollMs: 100, resyncMs: 500, reloadMs: 300, saveMs: 20, retryMs: 100 };

beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
  engine = createAlertEngine({
    ...{ client: chat.bot, core: open.core, platforms: ['slack', 'discord', 'telegram'], timing },
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
  });
  engine.start();
  call = await asAgent(chat.stack.database, await chat.stack.database.addAgent('maya', chat.gateway));
});
afterAll(async () => {
  engine.stop();
  await chat.close();
});
afterEach(async () => {
  for (const table of ['chat_subscriptions', 'agent_questions', 'notifications', 'hq.rate_counters']) {
    await chat.stack.database.query(`delete from ${table}`);
  }
});

const shownTo = (sender: Sender): ShownMessage[] =>
  open.adapter(sender.platform).messages.filter(({ channel }) => channel === sender.channel);

/** Returns the message that this person gets about a question. */
async function subscribed(sender: Sender): Promise<(words: RegExp) => Promise<ShownMessage>> {
  await open.adapter(sender.platform).ask(sender, 'subscribe');
  const before = shownTo(sender).length;
  return (words) =>
    eventually(() => {
      const found = shownTo(sender)
        .slice(before)
        .find(({ card }) => words.test(textOf(card)));
      if (found === undefined) throw new Error('the message has not come');
      return found;
    });
}

const answers = () =>
  chat.stack.database.query(`select answer from agent_questions where answer is not null`);
const ask = (question: string, more: object = {}) =>
  call('ask', { question, choices: ['Yes', 'Acknowledge'], free_text: false, ...more });

it('“needs” lists what waits for a person', { timeout: 90_000 }, async () => {
  const viewer = await chat.person('viewer');
  expect(textOf((await open.adapter('slack').ask(viewer, 'needs')).card)).toMatch(/Nothing waits for you\./);
  await ask('Deploy now?');
  const shown = await open.adapter('slack').ask(viewer, 'needs');
  expect(textOf(shown.card)).toMatch(/[0-9a-f]{8} maya, question, Deploy now\?, \(Yes \/ Acknowledge\)/);
  const refused = await open
    .adapter('slack')
    .ask(viewer, `answer ${/[0-9a-f]{8}/.exec(textOf(shown.card))?.[0]} Yes`);
  expect(textOf(refused.card)).toMatch(/needs the role operator/);
});

describe('the card of a question', { timeout: 90_000 }, () => {
  it('has the choices as buttons; the first press counts, and every copy shows who decided what', async () => {
    const people = await Promise.all([
      chat.person('operator'),
      chat.person('operator', 'discord'),
      chat.person('operator', 'telegram'),
    ]);
    const find = await Promise.all(people.map(subscribed));
    await ask('Deploy now?');
    const cards = await Promise.all(find.map((message) => message(/maya asks: Deploy now\?/)));
    for (const { card } of cards) {
      expect(card.buttons?.map(({ label }) => label)).toEqual(
        expect.arrayContaining(['Yes', 'Acknowledge', 'Mute for 1 h']),
      );
    }
    const [slack, , telegram] = people;
    const [onSlack, , onTelegram] = cards;
    if (slack === undefined || telegram === undefined || onSlack === undefined || onTelegram === undefined)
      throw new Error('three people have three cards');
    const late = buttonOf(onTelegram.card, 'Acknowledge');
    await open.adapter('slack').press(slack, onSlack, 'Yes');
    await eventually(async () => expect(await answers()).toEqual([{ answer: 'Yes' }]));
    await eventually(() => {
      for (const { card } of cards) {
        expect(card.stamp).toMatch(/^answered "Yes" by .*@.*, \d\d:\d\d UTC$/);
        expect(card.buttons).toEqual([]);
      }
    });
    expect(late.label).toBe('Acknowledge');
    expect(await answers()).toEqual([{ answer: 'Yes' }]);
  });

  it('takes another text where the agent allows it, and tells a late answer who was first', async () => {
    const ann = await chat.person('operator');
    const bob = await chat.person('operator', 'telegram');
    const { id } = await ask('Which title?', { free_text: true });
    const short = String(id).slice(0, 8);
    await open.adapter('slack').ask(ann, `answer ${short} The Long Way Home`);
    expect(await answers()).toEqual([{ answer: 'The Long Way Home' }]);
    const late = await open.adapter('telegram').ask(bob, `answer ${short} Yes`);
    expect(textOf(late.card)).toMatch(/answered "The Long Way Home" by .*@/);
  });

  it('asks an admin once more before a host is allowed, and an operator may say no', async () => {
    const admin = await chat.person('admin');
    const message = await subscribed(admin);
    await call('host_refused', { host: 'pypi.org', port: 443 });
    const shown = await message(/maya wants to reach pypi\.org/);
    await open.adapter('slack').press(admin, shown, 'Allow');
    const question = await message(/not done yet[\s\S]*it can send to this host/);
    await open.adapter('slack').press(admin, question, 'Confirm');
    await eventually(async () =>
      expect(
        await chat.stack.database.query(
          `select config -> 'allowed_hosts' as hosts from agents where slug = 'maya'`,
        ),
      ).toEqual([{ hosts: ['pypi.org'] }]),
    );
    const operator = await chat.person('operator', 'discord');
    const toOperator = await subscribed(operator);
    await call('host_refused', { host: 'evil.example', port: 443 });
    const asked = await toOperator(/evil\.example/);
    await open.adapter('discord').press(operator, asked, 'deny');
    await eventually(() => expect(asked.card.stamp).toMatch(/^answered "deny" by/));
  });
});
