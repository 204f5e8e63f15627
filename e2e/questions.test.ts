import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type BotsProcess,
  botAccount,
  type Platforms,
  startBots,
  startPlatforms,
} from '../bots/testing/bots-process.ts';
import { type AgentCall, asAgent } from '../db/testing/agent-call.ts';
import { eventually } from '../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../local/testing/stack.ts';
import { type Chat, subscribeChats, there } from './testing/subscribed-chats.ts';

/** Questions of an agent, sent by `hq-bots` as a process to people on three platforms. */
let stack: TestStack;
let platforms: Platforms;
let bots: BotsProcess;
let chats: readonly Chat[];
let call: AgentCall;

beforeAll(async () => {
  [stack, platforms] = await Promise.all([startTestStack(), startPlatforms()]);
  call = await asAgent(
    stack.database,
    await stack.database.addAgent('maya', await stack.database.addGateway('main')),
  );
  bots = startBots({ ...(await botAccount(stack)), ...platforms.env });
  await bots.connected();
  chats = await subscribeChats(stack, platforms);
  await eventually(async () =>
    expect(await stack.database.query('select id from chat_subscriptions')).toHaveLength(3),
  );
}, 120_000);
afterAll(async () => {
  if (bots !== undefined && bots.child.exitCode === null) {
    const ended = once(bots.child, 'exit');
    bots.child.kill('SIGTERM');
    await ended;
  }
  await platforms?.close();
  await stack?.close();
});

const textWith = ({ messages }: Chat, words: RegExp) => messages().find((text) => words.test(text));

test.each(['slack', 'discord', 'telegram'])(
  'is answered by a button on %s, and every chat shows who decided and what',
  { timeout: 120_000 },
  async (platform) => {
    const words = new RegExp(`maya asks: Which colour on ${platform}\\?`);
    const { id } = await call('ask', {
      question: `Which colour on ${platform}?`,
      choices: ['red', 'blue'],
      wait_seconds: 60,
    });
    const chat = there(chats.find((each) => each.platform === platform));
    const at = await eventually(() => {
      for (const each of chats) expect(textWith(each, words), each.platform).toBeDefined();
      return chat.messages().findIndex((text) => words.test(text));
    });
    await chat.press(at, 'blue');
    await eventually(async () =>
      expect(await call('answer', { question: id })).toMatchObject({ answer: 'blue' }),
    );
    await eventually(() => {
      for (const each of chats)
        expect(textWith(each, words), each.platform).toMatch(/answered "blue" by .*@.*, \d\d:\d\d UTC/);
    });
  },
);
