import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { platforms, type Sender } from '../../contract/inbound.ts';

let chat: ChatTestStack;
let open: OpenCore;
beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
});
afterAll(() => chat.close());

const created = async (prefix: string): Promise<string[]> => {
  const rows = await chat.stack.database.query<{ title: string }>(
    `select payload ->> 'title' as title from agent_commands where action = 'create_task'
       and payload ->> 'title' like $1 order by created_at, id`,
    [`${prefix}%`],
  );
  return rows.map(({ title }) => title);
};

async function say(sender: Sender, prefix: string, count: number): Promise<string[]> {
  const titles = Array.from({ length: count }, (_, at) => `${prefix}${at}`);
  await Promise.all(
    titles.map((title) => open.adapter(sender.platform).words(sender, `task create ${title}`)),
  );
  return titles;
}

describe('what one person says in one chat', () => {
  it.each(platforms)('is done in the order in which it was said, on %s', async (platform) => {
    const operator = await chat.person('operator', platform);
    const titles = await say(operator, `batch-${platform}-`, 12);
    await eventually(async () => expect(await created(`batch-${platform}-`)).toEqual(titles));
  });

  it('keeps its order over an outage of the database', { timeout: 90_000 }, async () => {
    const operator = await chat.person('operator', 'telegram');
    await chat.stack.stopApi();
    const before = open.adapter('telegram').messages.length;
    const titles = await say(operator, 'outage-', 6);
    // Each of them shows that it waits.
    await eventually(() => expect(open.adapter('telegram').messages.length).toBe(before + titles.length));
    await chat.stack.startApi();
    await eventually(async () => expect(await created('outage-')).toHaveLength(titles.length));
    expect(await created('outage-')).toEqual(titles);
  });
});
