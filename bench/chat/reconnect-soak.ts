import { setTimeout as pause } from 'node:timers/promises';
import { renderedText } from '../../bots/fakes/discord-server/index.ts';
import type { ChatHarness, LinkedAccounts } from './harness.ts';
import { until } from './harness.ts';

/**
 * Slack's connection is lost once a minute all day long, Discord's every three minutes, Telegram's every five. Where it is
 * rarer, the libraries rest longer before they connect again: each platform is walked through its day in as many minutes.
 */
export const losses = { slack: 1440, discord: 480, telegram: 288 } as const;
/** A command for every so many losses: Slack takes five messages a second in all. */
const slackCommandEvery = 3;
/** Between two losses in Slack. */
const gapMs = 150;
/** Connections that stand and say nothing are noticed after seconds. */
const silentEvery = 200;

/** What was told of on one platform, and what came of it. */
export interface PlatformSoak {
  readonly platform: keyof LinkedAccounts;
  readonly titles: string[];
  /** The tasks that the answers tell of, by the beginnings of their ids: once for each answer that can be seen. */
  answers(): string[];
  /** How many connections were lost so far. */
  lost: number;
  /** Loses them, with commands before, in the midst and after. */
  run(): Promise<void>;
}

function answersIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(/task (\w{8}) for nobody yet/gu)].flatMap(([, id]) => id ?? []),
  );
}

function personOf(trios: readonly LinkedAccounts[], index: number): LinkedAccounts {
  const trio = trios[index % trios.length];
  if (trio === undefined) throw new Error('nobody is there');
  return trio;
}

export function slackSoak({ slack }: ChatHarness, trios: readonly LinkedAccounts[]): PlatformSoak {
  const { server, actions } = slack;
  const { sockets, workspace } = server;
  const opening = 'apps.connections.open';
  const breaks: readonly (() => void)[] = [
    () => sockets.drop(),
    () => sockets.drop(1001),
    () => sockets.drop(1011),
    () => sockets.recycle('refresh_requested'),
    () => sockets.recycle('warning'),
    () => {
      server.fail(opening, { status: 503, body: 'down' });
      sockets.drop();
    },
    () => {
      server.fail(opening, { hangsUp: true });
      sockets.drop();
    },
  ];
  return {
    platform: 'slack',
    titles: [],
    lost: 0,
    answers: () =>
      answersIn(
        trios.flatMap(({ slack: { user, channel } }) =>
          workspace.visibleMessages(channel.id, user.id).map((message) => workspace.render(message).text),
        ),
      ),
    async run() {
      for (; this.lost < losses.slack; this.lost += 1) {
        const { user, channel } = personOf(trios, this.lost).slack;
        const opened = server.called(opening).length;
        const title = `Slack ${this.lost}`;
        if (this.lost % slackCommandEvery !== 0) {
          await actions.event({ type: 'member_joined_channel', user: user.id, channel: channel.id });
          breakOf(this.lost)();
        } else if (this.lost % 2 === 0) {
          this.titles.push(title);
          await actions.slash(user, channel, `create_task "${title}"`);
          breakOf(this.lost)();
        } else {
          this.titles.push(title);
          const telling = actions.mention(user, channel, `create_task "${title}"`);
          breakOf(this.lost)();
          const receipt = await telling;
          await connected(opened);
          if (!receipt.acknowledged) await actions.redeliver(receipt);
        }
        await connected(opened);
        await pause(gapMs);
      }
    },
  };

  function breakOf(loss: number): () => void {
    if (loss % silentEvery === silentEvery - 1) return () => sockets.stall();
    return breaks[loss % breaks.length] ?? (() => sockets.drop());
  }

  async function connected(opened: number): Promise<void> {
    await until(() => (server.called(opening).length > opened && sockets.count === 1 ? true : null));
  }
}

export function discordSoak({ discord }: ChatHarness, trios: readonly LinkedAccounts[]): PlatformSoak {
  const { gateway } = discord;
  const breaks: readonly (() => void)[] = [
    () => gateway.drop(),
    () => gateway.drop(1001),
    () => gateway.drop(4000),
    () => gateway.drop(1011),
    () => gateway.order(7),
  ];
  return {
    platform: 'discord',
    titles: [],
    lost: 0,
    answers: () =>
      answersIn(
        trios.flatMap(({ discord: { user, where } }) => discord.messages(where, user).map(renderedText)),
      ),
    async run() {
      for (; this.lost < losses.discord; this.lost += 1) {
        const resumed = gateway.resumed + gateway.identified;
        breaks[this.lost % breaks.length]?.();
        const { user, where } = personOf(trios, this.lost).discord;
        const title = `Discord ${this.lost}`;
        await discord.slash(user, where, 'work create_task', { title });
        this.titles.push(title);
        await until(() =>
          gateway.resumed + gateway.identified > resumed && gateway.connected === 1 ? true : null,
        );
      }
    },
  };
}

export function telegramSoak({ telegram }: ChatHarness, trios: readonly LinkedAccounts[]): PlatformSoak {
  const faults = [{ kind: 'lost' }, { kind: 'html' }, { kind: 'refuse', status: 502 }] as const;
  return {
    platform: 'telegram',
    titles: [],
    lost: 0,
    answers: () =>
      answersIn(trios.flatMap(({ telegram: { chat } }) => telegram.seen(chat).map(({ text }) => text))),
    async run() {
      for (; this.lost < losses.telegram; this.lost += 1) {
        const { person, chat } = personOf(trios, this.lost).telegram;
        const title = `Telegram ${this.lost}`;
        const before = telegram.seen(chat).length;
        telegram.fail('getUpdates', faults[this.lost % faults.length] ?? { kind: 'lost' });
        telegram.write(person, chat, `/hq create_task "${title}"`);
        this.titles.push(title);
        await until(() => (telegram.seen(chat).length > before ? true : null));
      }
    },
  };
}
