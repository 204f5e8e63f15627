import { renderedText } from '../../bots/fakes/discord-server/index.ts';
import { percentile } from '../percentile.ts';
import { atMost, type Figure, noted } from '../table.ts';
import { type ChatHarness, type LinkedAccounts, linkAccounts, until } from './harness.ts';

const rounds = 15;

/** Measures from the press of a confirmation to its row, by the clock of this machine. */
export async function* measureButtons(harness: ChatHarness): AsyncIterable<Figure> {
  const samples: Record<keyof LinkedAccounts, number[]> = { slack: [], discord: [], telegram: [] };
  for (let round = 0; round < rounds; round += 1) {
    const accounts = await linkAccounts(harness, `press${round}`);
    samples.slack.push(await timed(harness, () => pressSlack(harness, accounts)));
    samples.discord.push(await timed(harness, () => pressDiscord(harness, accounts)));
    samples.telegram.push(await timed(harness, () => pressTelegram(harness, accounts)));
  }
  yield atMost('press → row, p95 over all', percentile(Object.values(samples).flat(), 0.95), 300, 'ms');
  for (const [platform, mine] of Object.entries(samples)) {
    yield noted(
      `  ${platform}, p50 / p95`,
      `${percentile(mine, 0.5).toFixed(0)} / ${percentile(mine, 0.95).toFixed(0)} ms`,
    );
  }
}

/** `press` sends a command, waits for its confirmation and presses it; it returns the time of the press. */
async function timed(harness: ChatHarness, press: () => Promise<number>): Promise<number> {
  const count = async (): Promise<number> =>
    (
      await harness.database.query<{ count: number }>(
        "select count(*)::int as count from agent_commands where action = 'restart_gateway'",
      )
    ).rows[0]?.count ?? 0;
  const before = await count();
  const pressedAt = await press();
  await until(async () => ((await count()) > before ? true : null));
  const { rows } = await harness.database.query<{ at: number }>(
    "select extract(epoch from max(created_at)) * 1000 as at from agent_commands where action = 'restart_gateway'",
  );
  return Number(rows[0]?.at) - pressedAt;
}

async function pressSlack(
  { slack }: ChatHarness,
  { slack: { user, channel } }: LinkedAccounts,
): Promise<number> {
  await slack.actions.slash(user, channel, 'restart_gateway');
  const { workspace } = slack.server;
  const question = await until(
    () =>
      workspace
        .visibleMessages(channel.id, user.id)
        .findLast((message) => JSON.stringify(message.blocks ?? []).includes('"Confirm"')) ?? null,
  );
  const at = Date.now();
  await slack.actions.press(user, question, 'Confirm');
  return at;
}

async function pressDiscord(
  { discord }: ChatHarness,
  { discord: { user, where } }: LinkedAccounts,
): Promise<number> {
  await discord.slash(user, where, 'gateway restart_gateway');
  const question = await until(
    () => discord.messages(where, user).findLast((message) => /Restart/u.test(renderedText(message))) ?? null,
  );
  const at = Date.now();
  await discord.press(user, question, 'Confirm');
  return at;
}

async function pressTelegram(
  { telegram }: ChatHarness,
  { telegram: { person, chat } }: LinkedAccounts,
): Promise<number> {
  telegram.write(person, chat, '/hq restart_gateway');
  const question = await until(
    () => telegram.messages(chat).findLast(({ buttons }) => buttons.flat().includes('Confirm')) ?? null,
  );
  const at = Date.now();
  telegram.press(person, question, 'Confirm');
  return at;
}
