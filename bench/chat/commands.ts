import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../percentile.ts';
import { atMost, type Figure, noted } from '../table.ts';
import { type ChatHarness, type LinkedAccounts, linkAccounts } from './harness.ts';

const perSecond = 50;
const seconds = 30;
const peopleCount = 60;

interface Sent {
  readonly platform: keyof LinkedAccounts;
  readonly acknowledgedMs: number;
}

/** Sends fifty commands a second, each with a row, over the three platforms in interaction. */
export async function* measureCommands(harness: ChatHarness): AsyncIterable<Figure> {
  const people: LinkedAccounts[] = [];
  for (let index = 0; index < peopleCount; index += 1)
    people.push(await linkAccounts(harness, `rate${index}`));
  const sending: Promise<Sent>[] = [];
  const total = perSecond * seconds;
  const begun = performance.now();
  for (let index = 0; index < total; index += 1) {
    const accounts = people[Math.floor(index / 3) % peopleCount];
    if (accounts !== undefined) sending.push(sendCommand(harness, accounts, index));
    await pause(Math.max(0, begun + ((index + 1) * 1000) / perSecond - performance.now()));
  }
  const tookSeconds = (performance.now() - begun) / 1000;
  const sent = await Promise.all(sending);
  const all = sent.map(({ acknowledgedMs }) => acknowledgedMs);
  yield noted('commands sent a second', (total / tookSeconds).toFixed(1));
  yield atMost('acknowledged, p99 over all', percentile(all, 0.99), 500, 'ms');
  for (const platform of ['slack', 'discord', 'telegram'] as const) {
    const mine = sent.filter((each) => each.platform === platform).map((each) => each.acknowledgedMs);
    yield noted(
      `  ${platform}, p50 / p99`,
      `${percentile(mine, 0.5).toFixed(0)} / ${percentile(mine, 0.99).toFixed(0)} ms`,
    );
  }
  yield atMost('commands without a row, or with two', Math.abs((await rows(harness, total)) - total), 0, '');
}

async function sendCommand(harness: ChatHarness, accounts: LinkedAccounts, index: number): Promise<Sent> {
  const title = `Bench ${index}`;
  if (index % 3 === 0) {
    const receipt = await harness.slack.actions.slash(
      accounts.slack.user,
      accounts.slack.channel,
      `create_task ${title}`,
    );
    return { platform: 'slack', acknowledgedMs: receipt.acknowledged ? receipt.tookMs : 3_000 };
  }
  if (index % 3 === 1) {
    const { user, where } = accounts.discord;
    const interaction = await harness.discord.slash(user, where, 'work create_task', { title });
    return { platform: 'discord', acknowledgedMs: interaction.acknowledgedInMs };
  }
  const { person, chat } = accounts.telegram;
  const begun = performance.now();
  harness.telegram.write(person, chat, `/hq create_task ${title}`);
  // Telegram has no acknowledgement: the first visible reaction counts.
  const seen = () =>
    harness.telegram.calls.findLast(
      ({ method, params, at }) =>
        at > begun && /^send(?:message|chataction)$/u.test(method) && params.chat_id === chat.id,
    );
  for (let tries = 0; tries < 2_000; tries += 1) {
    const call = seen();
    if (call !== undefined) return { platform: 'telegram', acknowledgedMs: call.at - begun };
    await pause(5);
  }
  return { platform: 'telegram', acknowledgedMs: 10_000 };
}

/** Returns the number of rows once it no longer grows. */
async function rows(harness: ChatHarness, expected: number): Promise<number> {
  let count = -1;
  for (let tries = 0; tries < 60; tries += 1) {
    const { rows: found } = await harness.database.query<{ count: number }>(
      "select count(*)::int as count from agent_commands where action = 'create_task'",
    );
    const now = found[0]?.count ?? 0;
    if (now === expected && now === count) return now;
    count = now;
    await pause(500);
  }
  return count;
}
