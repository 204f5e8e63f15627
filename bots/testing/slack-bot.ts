import { pino } from 'pino';
import { type RunningSlack, startSlackServer } from '../fakes/slack-server/index.ts';
import type { Adapter } from '../src/contract/adapter.ts';
import type { Choice } from '../src/contract/choice.ts';
import type { Acknowledgement, Inbound, Receiver, Reply, Sender } from '../src/contract/inbound.ts';
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
): Promise<SlackBot> {
  const running = await startSlackServer();
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
