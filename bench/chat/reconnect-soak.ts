import { setTimeout as pause } from 'node:timers/promises';
import { renderedText } from '../../bots/fakes/discord-server/index.ts';
import type { ChatHarness, LinkedAccounts } from './harness.ts';
import { until } from './harness.ts';

/**
 * Lost connections of a day: Slack's once a minute, Discord's every three, Telegram's every five. Libraries wait longer after
 * rarer losses, so that each platform takes about the same time.
 */
export const losses = { slack: 1440, discord: 480, telegram: 288 } as const;
/** One command for three losses: Slack accepts five messages a second. */
const slackCommandEvery = 3;
/** Milliseconds between two losses in Slack. */
const gapMs = 150;
/** One of 200 losses is a silent connection, which takes seconds to notice. */
const silentEvery = 200;

/** Commands sent on one platform during its losses, and their answers. */
export interface PlatformSoak {
  readonly platform: keyof LinkedAccounts;
  readonly titles: string[];
  /** Returns the start of the task's id in each visible answer. */
  answers(): string[];
  /** Connections lost so far. */
  lost: number;
  /** Loses all connections, with commands before, during and after. */
  run(): Promise<void>;
}

function answersIn(texts: readonly string[]): string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(/task (\w{8})(?: \([^)]*\))? for nobody yet/gu)].flatMap(([, id]) => id ?? []),
  );
}

function personOf(people: readonly LinkedAccounts[], index: number): LinkedAccounts {
  const trio = people[index % people.length];
  if (trio === undefined) throw new Error('no person is linked');
  return trio;
}

export function slackSoak({ slack }: ChatHarness, people: readonly LinkedAccounts[]): PlatformSoak {
  // Over 60 lines: it lists every kind of loss.
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
        people.flatMap(({ slack: { user, channel } }) =>
          workspace.visibleMessages(channel.id, user.id).map((message) => workspace.render(message).text),
        ),
      ),
    async run() {
      for (; this.lost < losses.slack; this.lost += 1) {
        const { user, channel } = personOf(people, this.lost).slack;
        const opened = server.called(opening).length;
        const title = `Slack ${this.lost}`;
        if (this.lost % slackCommandEvery !== 0) {
          await actions.event({ type: 'member_joined_channel', user: user.id, channel: channel.id });
          lossOf(this.lost)();
        } else if (this.lost % 2 === 0) {
          this.titles.push(title);
          await actions.slash(user, channel, `create_task "${title}"`);
          lossOf(this.lost)();
        } else {
          this.titles.push(title);
          const sending = actions.mention(user, channel, `create_task "${title}"`);
          lossOf(this.lost)();
          const receipt = await sending;
          await connected(opened);
          if (!receipt.acknowledged) await actions.redeliver(receipt);
        }
        await connected(opened);
        await pause(gapMs);
      }
    },
  };

  function lossOf(loss: number): () => void {
    if (loss % silentEvery === silentEvery - 1) return () => sockets.stall();
    return breaks[loss % breaks.length] ?? (() => sockets.drop());
  }

  async function connected(opened: number): Promise<void> {
    await until(() => (server.called(opening).length > opened && sockets.count === 1 ? true : null));
  }
}

export function discordSoak({ discord }: ChatHarness, people: readonly LinkedAccounts[]): PlatformSoak {
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
        people.flatMap(({ discord: { user, where } }) => discord.messages(where, user).map(renderedText)),
      ),
    async run() {
      for (; this.lost < losses.discord; this.lost += 1) {
        const resumed = gateway.resumed + gateway.identified;
        breaks[this.lost % breaks.length]?.();
        const { user, where } = personOf(people, this.lost).discord;
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

export function telegramSoak({ telegram }: ChatHarness, people: readonly LinkedAccounts[]): PlatformSoak {
  const faults = [{ kind: 'lost' }, { kind: 'html' }, { kind: 'refuse', status: 502 }] as const;
  return {
    platform: 'telegram',
    titles: [],
    lost: 0,
    answers: () =>
      answersIn(people.flatMap(({ telegram: { chat } }) => telegram.messages(chat).map(({ text }) => text))),
    async run() {
      for (; this.lost < losses.telegram; this.lost += 1) {
        const { person, chat } = personOf(people, this.lost).telegram;
        const title = `Telegram ${this.lost}`;
        const before = telegram.messages(chat).length;
        telegram.fail('getUpdates', faults[this.lost % faults.length] ?? { kind: 'lost' });
        telegram.write(person, chat, `/hq create_task "${title}"`);
        this.titles.push(title);
        await until(() => (telegram.messages(chat).length > before ? true : null));
      }
    },
  };
}
