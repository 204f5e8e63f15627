import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../percentile.ts';
import { atMost, type Figure, noted } from '../table.ts';
import { type AlertChannel, openChannels, subscribe } from './channels.ts';
import { type ChatHarness, until } from './harness.ts';

const asked = 30;
/** Between two questions: Telegram takes 20 messages a minute in one group. */
const pauseMs = 3_200;
/** The bots read new subscriptions once a minute. */
const subscribedWithinMs = 62_000;

/** Measures from an agent's call `ask` to the message in a channel of each platform, by the clock of this machine. */
export async function* measureQuestions(harness: ChatHarness): AsyncIterable<Figure> {
  const channels = openChannels(harness, 'questions', 3);
  await subscribe(harness, channels, { severity: 'warning' });
  const samples: Record<AlertChannel['platform'], number[]> = { slack: [], discord: [], telegram: [] };
  await pause(subscribedWithinMs);
  for (let number = 1; number <= asked; number += 1) {
    await pause(pauseMs);
    for (const { platform, ms } of await arrivals(harness, channels, number)) samples[platform].push(ms);
  }
  yield atMost('asked → message, p95 over all', percentile(Object.values(samples).flat(), 0.95), 2_000, 'ms');
  for (const [platform, mine] of Object.entries(samples)) {
    yield noted(
      `  ${platform}, p50 / p95`,
      `${percentile(mine, 0.5).toFixed(0)} / ${percentile(mine, 0.95).toFixed(0)} ms`,
    );
  }
  await harness.database.query('delete from chat_subscriptions');
}

/** A new agent asks: one agent may have five open questions. */
async function arrivals({ database, stack }: ChatHarness, channels: readonly AlertChannel[], number: number) {
  const { rows } = await database.query<{ token: string }>(
    `with made as (
       insert into agents (gateway_id, slug, name, status) values ($1, $2, $2, 'ready') returning id
     ) select issue_agent_credential(id) as token from made`,
    [stack.gatewayId, `asking-${number}`],
  );
  const question = `Is this number ${number}?`;
  const begun = performance.now();
  const shown = channels.map(async ({ platform, text }) => {
    await until(() => (text().includes(question) ? true : null));
    return { platform, ms: performance.now() - begun };
  });
  await database.query(`select agent_call($1, 'ask', $2)`, [
    rows[0]?.token,
    JSON.stringify({ question, choices: ['yes', 'no'] }),
  ]);
  return Promise.all(shown);
}
