import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../db/testing/eventually.ts';
import { discordMatrix } from './access-matrix/discord.ts';
import { type AccessHarness, confidential, startAccessHarness } from './access-matrix/harness.ts';
import type { AccessAttempts } from './access-matrix/matrix.ts';
import { slackMatrix } from './access-matrix/slack.ts';
import { telegramMatrix } from './access-matrix/telegram.ts';

/** Everybody who may not, by every way in, on the programs that people run. */
let harness: AccessHarness;

beforeAll(async () => {
  harness = await startAccessHarness();
}, 120_000);
afterAll(() => harness?.close());
// Each test has its own minute of refusals.
beforeEach(async () => {
  await harness.stack.database.query('delete from hq.rate_counters');
});

describe.each([slackMatrix, discordMatrix, telegramMatrix])(
  '$platform',
  { timeout: 120_000 },
  ({ platform, cells, open }) => {
    let stage: AccessAttempts;
    let before: unknown;
    let sentBefore = 0;

    beforeAll(async () => {
      stage = await open(harness);
      before = await harness.state();
      sentBefore = stage.sent().length;
    }, 120_000);

    const tries = (mayRead: boolean) => cells.filter((cell) => cell.mayRead === mayRead);

    test.each(tries(false))('$person gets nothing by $surface, which is written down', async (cell) => {
      await isDenied(cell);
    });

    test('and none of them has read anything', async () => {
      await harness.idle();
      const sent = JSON.stringify(stage.sent().slice(sentBefore));
      expect(sent.length).toBeGreaterThan(100);
      for (const word of confidential) expect(sent).not.toContain(word);
    });

    test('which a viewer can', async () => {
      await stage.read();
      await eventually(() => expect(JSON.stringify(stage.sent())).toContain(confidential[0]));
    });

    test.each(tries(true))('$person does nothing by $surface, which is written down', async (cell) => {
      await isDenied(cell);
    });

    test('and nothing was done in the end', async () => {
      expect(await harness.state()).toEqual(before);
    });

    async function isDenied(cell: (typeof cells)[number]): Promise<void> {
      const refusals = () => harness.refusals(platform, stage.accountOf(cell));
      const count = await refusals();
      await stage.attempt(cell);
      await eventually(async () => expect(await refusals()).toBeGreaterThan(count));
      expect(await harness.state()).toEqual(before);
    }
  },
);

test('an edited message, and an answer to what somebody else was asked, are not for HQ', async () => {
  const { telegram } = harness.platforms;
  const install = String(telegram.bot.id);
  const [asker, other] = [telegram.person('Asker'), telegram.person('Other')];
  for (const { id } of [asker, other])
    await harness.link('telegram', { install, user: String(id) }, 'operator');
  const group = telegram.group('Quiet', [asker, other], 'supergroup');
  await harness.bind('telegram', { install, channel: String(group.id) });
  telegram.write(asker, group, '/hq create_task');
  const question = await eventually(() => {
    const last = telegram.last(group);
    expect(last.text).toContain('Reply to this message to answer.');
    return last;
  });
  const before = await harness.state();
  const edited = { message_id: 7, from: asker, chat: group, date: 1, edit_date: 2, text: '/hq ping' };
  telegram.update('edited_message', edited);
  telegram.write(other, group, 'The title of somebody else', { replyTo: question });
  telegram.write(other, group, '/hq whoami');
  await eventually(() => expect(telegram.last(group).id).not.toBe(question.id));
  expect(await harness.state()).toEqual(before);
  telegram.write(asker, group, 'The title of the asker', { replyTo: question });
  await eventually(async () => expect(await harness.state()).not.toEqual(before));
  const tasks = await harness.stack.database.query(
    `select title from tasks where title like 'The title of%'`,
  );
  expect(tasks).toEqual([{ title: 'The title of the asker' }]);
}, 120_000);
