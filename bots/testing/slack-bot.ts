import { pino } from 'pino';
import { type RunningSlack, startSlackServer } from '../fakes/slack-server/index.ts';
import type { Adapter } from '../src/contract/adapter.ts';
import type { Choice } from '../src/contract/choice.ts';
import type { Acknowledgement, Inbound, Receiver, Reply, Sender } from '../src/contract/inbound.ts';
import { slack } from '../src/platforms/slack/index.ts';

interface Heard {
  readonly inbound: Inbound;
  readonly reply: Reply;
}

/** A receiver that records its deliveries and gives the answers that a test sets. */
class NotingReceiver implements Receiver {
  readonly received: Heard[] = [];
  readonly context: { sender: Sender; request: Parameters<Receiver['complete']>[1] }[] = [];
  acknowledgement: Acknowledgement = { kind: 'working', private: true };
  choices: readonly Choice[] = [];
  /** Resolves what `receive` waits for, where the core is to be slow. */
  slowness: Promise<void> = Promise.resolve();

  async receive(inbound: Inbound, reply: Reply): Promise<Acknowledgement> {
    this.received.push({ inbound, reply });
    await this.slowness;
    return this.acknowledgement;
  }

  async complete(sender: Sender, request: Parameters<Receiver['complete']>[1]): Promise<readonly Choice[]> {
    this.context.push({ sender, request });
    await this.slowness;
    return this.choices;
  }

  get last(): Heard {
    const last = this.received.at(-1);
    if (last === undefined) throw new Error('nothing was received');
    return last;
  }
}

export interface SlackBot {
  readonly slack: RunningSlack;
  readonly adapter: Adapter;
  readonly core: NotingReceiver;
  /** Every line that was logged, at every level. */
  readonly logged: string[];
  stop(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The real adapter on a Slack of our own, with a core that takes notes. It is not started. */
export async function makeSlackBot(
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
    core: new NotingReceiver(),
    logged,
    stop: async () => {
      await adapter.stop();
      await running.stop();
    },
  };
}

export async function startSlackBot(env?: (slack: RunningSlack) => Environment): Promise<SlackBot> {
  const bot = await makeSlackBot(env);
  await bot.adapter.start(bot.core);
  return bot;
}
