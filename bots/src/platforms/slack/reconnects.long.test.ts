import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import type { SlackChannel, SlackUser } from '../../../fakes/slack-server/index.ts';
import type { SlackServer } from '../../../fakes/slack-server/slack-server.ts';
import { createSlackBot, type SlackBot } from '../../../testing/slack-bot.ts';

const losses = 2400;
const warmUp = 300;
/** Limit for each lost connection; two thousand of them share what V8 and the system keep. */
const mayKeepBytes = 1000;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

type Break = (server: SlackServer) => void;

const opening = 'apps.connections.open';
const torn: Break = ({ sockets }) => sockets.drop();
const closedWith =
  (code: number): Break =>
  ({ sockets }) =>
    sockets.drop(code);
const tornWhile =
  (fault: Parameters<SlackServer['fail']>[1]): Break =>
  (server) => {
    server.fail(opening, fault);
    server.sockets.drop();
  };

/** The usual losses of a connection. */
const often: readonly Break[] = [
  torn,
  closedWith(1000),
  closedWith(1001),
  closedWith(1011),
  closedWith(4000),
  ({ sockets }) => sockets.recycle('refresh_requested'),
  ({ sockets }) => sockets.recycle('warning'),
  ({ sockets }) => sockets.recycle('link_disabled'),
  tornWhile({ status: 500, body: 'no' }),
  tornWhile({ status: 503, body: '<html>down</html>' }),
  tornWhile({ body: '{"ok":false,"error":"internal_error"}' }),
  tornWhile({ hangsUp: true }),
];
/** Losses that take seconds until they are noticed or Slack permits a retry. */
const slow: readonly Break[] = [
  ({ sockets }) => sockets.stall(),
  (server) => {
    server.sockets.skippedHellos = 1;
    server.sockets.drop();
  },
  (server) => {
    server.limitRate(opening, 1);
    server.sockets.drop();
  },
];

function breakOf(loss: number): Break {
  const kind = loss % 200 === 199 ? slow[Math.floor(loss / 200) % slow.length] : often[loss % often.length];
  if (kind === undefined) throw new Error('there is no such break');
  return kind;
}

interface Kept {
  readonly heap: number;
  readonly sockets: number;
  readonly timers: number;
}

function kept(): Kept {
  collect();
  const resources = process.getActiveResourcesInfo();
  const count = (name: string): number => resources.filter((one) => one === name).length;
  return {
    heap: process.memoryUsage().heapUsed,
    sockets: count('TCPSocketWrap'),
    timers: count('Timeout'),
  };
}

interface Scene {
  readonly bot: SlackBot;
  readonly ann: SlackUser;
  readonly ops: SlackChannel;
}

/** Loses one connection with a command before it that is answered after it, and an event in the midst of it. */
async function lose({ bot, ann, ops }: Scene, loss: number): Promise<void> {
  const { server, actions } = bot.slack;
  const { workspace } = server;
  const opened = server.called(opening).length;

  expect((await actions.slash(ann, ops, `before ${loss}`)).acknowledged).toBe(true);
  await eventually(() => expect(bot.core.received).toHaveLength(1));
  const { reply } = bot.core.last;
  const midst = actions.mention(ann, ops, `midst ${loss}`);
  breakOf(loss)(server);
  expect(await reply.send({ title: `Answer ${loss}`, tone: 'neutral' })).toMatchObject({ ok: true });
  expect(workspace.visibleMessages(ops.id).map((one) => workspace.render(one).text)).toContain(
    `Answer ${loss}`,
  );

  await eventually(() => {
    expect(server.called(opening).length).toBeGreaterThan(opened);
    expect(server.sockets.count).toBe(1);
    expect(bot.adapter.health().state).toBe('connected');
  });
  // Slack brings an event once more that nobody acknowledged, and only then.
  const receipt = await midst;
  if (!receipt.acknowledged) expect((await actions.redeliver(receipt)).acknowledged).toBe(true);
  await eventually(() => expect(receivedTexts(bot)).toContain(`midst ${loss}`));
  expect(receivedTexts(bot)).toHaveLength(2);
  bot.core.received.length = 0;
  bot.logged.length = 0;
  server.clearHistory();
}

function receivedTexts({ core }: SlackBot): string[] {
  return core.received.map(({ inbound }) => (inbound.input.kind === 'words' ? inbound.input.text : ''));
}

test('thousands of lost connections lose no delivery and leak nothing', async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => {
    warnings.push(warning.message);
  };
  process.on('warning', note);
  const bot = await createSlackBot();
  bot.core.acknowledgement = { kind: 'quiet' };
  const { workspace } = bot.slack.server;
  const ann = workspace.user('ann');
  const scene = { bot, ann, ops: workspace.channel('ops', [ann]) };
  await bot.adapter.start(bot.core);

  for (let loss = 0; loss < warmUp; loss += 1) await lose(scene, loss);
  const before = kept();
  for (let loss = warmUp; loss < losses; loss += 1) await lose(scene, loss);
  const after = kept();

  expect((after.heap - before.heap) / (losses - warmUp)).toBeLessThan(mayKeepBytes);
  // Connections that are kept for the next request come and go.
  expect(after.sockets).toBeLessThan(before.sockets + 10);
  // Pending time limits follow the pace of the losses; a leak would keep one for each loss.
  expect(after.timers - before.timers).toBeLessThan((losses - warmUp) / 10);
  await bot.adapter.stop();
  await eventually(() => expect(bot.slack.server.sockets.count).toBe(0));
  await bot.stop();
  expect(warnings).toEqual([]);
  process.off('warning', note);
});
