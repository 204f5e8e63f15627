import { pino } from 'pino';
import { afterEach, beforeEach, expect } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import {
  type RunningSlack,
  type SlackChannel,
  type SlackMessage,
  type SlackUser,
  startSlackServer,
} from '../fakes/slack-server/index.ts';
import type { Adapter } from '../src/contract/adapter.ts';
import type { Card } from '../src/contract/card.ts';
import type { Choice } from '../src/contract/choice.ts';
import type {
  Acknowledgement,
  ChatLocation,
  Inbound,
  Receiver,
  Reply,
  Sender,
} from '../src/contract/inbound.ts';
import { slack } from '../src/platforms/slack/index.ts';

interface ReceivedDelivery {
  readonly inbound: Inbound;
  readonly reply: Reply;
}

/** A receiver that records its deliveries and gives the answers that a test sets. */
class RecordingReceiver implements Receiver {
  readonly received: ReceivedDelivery[] = [];
  readonly context: { sender: Sender; request: Parameters<Receiver['complete']>[1] }[] = [];
  acknowledgement: Acknowledgement = { kind: 'working', private: true };
  choices: readonly Choice[] = [];
  /** `receive` and `complete` wait for this; set it to simulate a slow core. */
  delay: Promise<void> = Promise.resolve();

  async receive(inbound: Inbound, reply: Reply): Promise<Acknowledgement> {
    this.received.push({ inbound, reply });
    await this.delay;
    return this.acknowledgement;
  }

  async complete(sender: Sender, request: Parameters<Receiver['complete']>[1]): Promise<readonly Choice[]> {
    this.context.push({ sender, request });
    await this.delay;
    return this.choices;
  }

  get last(): ReceivedDelivery {
    const last = this.received.at(-1);
    if (last === undefined) throw new Error('nothing was received');
    return last;
  }
}

export interface SlackBot {
  readonly slack: RunningSlack;
  readonly adapter: Adapter;
  readonly core: RecordingReceiver;
  /** Every line that was logged, at every level. */
  readonly logged: string[];
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Connects the real adapter to a fake Slack, and to a receiver that records. Does not start it. */
export async function createSlackBot(
  env: (slack: RunningSlack) => Environment = (running) => running.env,
  options: Parameters<typeof startSlackServer>[0] = {},
): Promise<SlackBot> {
  const running = await startSlackServer(options);
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line) => logged.push(line) });
  const configured = slack.configure(env(running));
  if (configured === null) throw new Error('Slack is not configured');
  const adapter = await configured.create({ log });
  return {
    slack: running,
    adapter,
    core: new RecordingReceiver(),
    logged,
    stop: async () => {
      await adapter.stop();
      await running.stop();
    },
  };
}

export async function startSlackBot(env?: (slack: RunningSlack) => Environment): Promise<SlackBot> {
  const bot = await createSlackBot(env);
  await bot.adapter.start(bot.core);
  return bot;
}

export const card: Card = {
  title: 'Restart the gateway',
  tone: 'good',
  state: 'done in 12s',
  fields: [{ label: 'Gateway', value: 'default' }],
  body: [
    { kind: 'text', text: 'It came back with ' },
    { kind: 'code', text: 'v2' },
    { kind: 'log', text: 'stopping\nstarted' },
  ],
  buttons: [
    { token: 'v1:aaaa', label: 'Again', style: 'danger' },
    { token: 'v1:bbbb', label: 'Logs', style: 'plain' },
  ],
  stamp: 'confirmed by ann@example.org, 14:02 UTC',
};

/** A bot, one person and one channel, new for each test of the file. */
export function useSlackBot() {
  let bot: SlackBot;
  let ann: SlackUser;
  let ops: SlackChannel;
  beforeEach(async () => {
    bot = await startSlackBot();
    ann = bot.slack.server.workspace.user('ann');
    ops = bot.slack.server.workspace.channel('ops', [ann]);
  });
  afterEach(() => bot.stop());
  const location = (): ChatLocation => ({
    platform: 'slack',
    install: bot.slack.server.workspace.team,
    channel: ops.id,
    kind: 'group',
    thread: null,
  });
  const standing = (user?: SlackUser): SlackMessage[] =>
    bot.slack.server.workspace.visibleMessages(ops.id, user?.id);
  return {
    get bot() {
      return bot;
    },
    get ann() {
      return ann;
    },
    get ops() {
      return ops;
    },
    location,
    seen: (message: SlackMessage | undefined): string =>
      message === undefined ? '' : bot.slack.server.workspace.render(message).text,
    standing,
    async received(count = 1) {
      await eventually(() => expect(bot.core.received).toHaveLength(count));
      return bot.core.last;
    },
    async posted(): Promise<SlackMessage> {
      await bot.adapter.send(location(), card);
      const message = standing().at(-1);
      if (message === undefined) throw new Error('nothing was posted');
      return message;
    },
  };
}
