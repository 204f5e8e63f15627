import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../db/testing/eventually.ts';
import { discordTable } from './access-matrix/discord.ts';
import { confidential, type DeniedHouse, openDeniedHouse } from './access-matrix/house.ts';
import { slackTable } from './access-matrix/slack.ts';
import type { Stage } from './access-matrix/table.ts';
import { telegramTable } from './access-matrix/telegram.ts';

/** Everybody who may not, by every way in, on the programs that people run. */
let house: DeniedHouse;

beforeAll(async () => {
  house = await openDeniedHouse();
}, 120_000);
afterAll(() => house?.close());
// Each test has its own minute of refusals.
beforeEach(async () => {
  await house.stack.database.query('delete from hq.meter');
});

describe.each([slackTable, discordTable, telegramTable])(
  '$platform',
  { timeout: 120_000 },
  ({ platform, cells, open }) => {
    let stage: Stage;
    let before: unknown;
    let sentBefore = 0;

    beforeAll(async () => {
      stage = await open(house);
      before = await house.state();
      sentBefore = stage.sent().length;
    }, 120_000);

    const tries = (mayRead: boolean) => cells.filter((cell) => cell.mayRead === mayRead);

    test.each(tries(false))('$person gets nothing by $surface, which is written down', async (cell) => {
      await isDenied(cell);
    });

    test('and none of them has read anything', async () => {
      await house.silence();
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
      expect(await house.state()).toEqual(before);
    });

    async function isDenied(cell: (typeof cells)[number]): Promise<void> {
      const refusals = () => house.refusals(platform, stage.accountOf(cell));
      const count = await refusals();
      await stage.attempt(cell);
      await eventually(async () => expect(await refusals()).toBeGreaterThan(count));
      expect(await house.state()).toEqual(before);
    }
  },
);

test('an edited message, and an answer to what somebody else was asked, are not for HQ', async () => {
  const { telegram } = house.platforms;
  const install = String(telegram.bot.id);
  const [asker, other] = [telegram.person('Asker'), telegram.person('Other')];
  for (const { id } of [asker, other])
    await house.link('telegram', { install, user: String(id) }, 'operator');
  const group = telegram.group('Quiet', [asker, other], 'supergroup');
  await house.bind('telegram', { install, channel: String(group.id) });
  telegram.say(asker, group, '/hq create_task');
  const question = await eventually(() => {
    const last = telegram.last(group);
    expect(last.asksForReply).toBe(true);
    return last;
  });
  const before = await house.state();
  const edited = { message_id: 7, from: asker, chat: group, date: 1, edit_date: 2, text: '/hq ping' };
  telegram.update('edited_message', edited);
  telegram.say(other, group, 'The title of somebody else', { replyTo: question });
  telegram.say(other, group, '/hq whoami');
  await eventually(() => expect(telegram.last(group).id).not.toBe(question.id));
  expect(await house.state()).toEqual(before);
  telegram.say(asker, group, 'The title of the asker', { replyTo: question });
  await eventually(async () => expect(await house.state()).not.toEqual(before));
  const tasks = await house.stack.database.query(`select title from tasks where title like 'The title of%'`);
  expect(tasks).toEqual([{ title: 'The title of the asker' }]);
}, 120_000);
