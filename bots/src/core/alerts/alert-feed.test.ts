import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, openChatStack } from '../../../testing/chat-stack.ts';
import { AlertFeed } from './alert-feed.ts';
import { alertsSince } from './alert-row.ts';
import { defaultTiming } from './alert-timing.ts';

let chat: ChatTestStack;
beforeAll(async () => {
  chat = await openChatStack();
});
afterAll(() => chat.close());

const write = (prefix: string, count: number) =>
  chat.stack.database.query(
    `insert into notifications (tenant_id, type, title) select $1, 'agent_error', $2 || n from generate_series(1, $3::int) n`,
    [nilTenant, prefix, count],
  );

describe('alerts since a moment', { timeout: 60_000 }, () => {
  it('are read completely while some of them change', async () => {
    await write('paged ', 1_100);
    const seen = new Set<string>();
    let isFirst = true;
    for await (const rows of alertsSince(chat.bot, new Date(0).toISOString())) {
      for (const { title } of rows) seen.add(title);
      if (!isFirst) continue;
      isFirst = false;
      await chat.stack.database.query(
        `update notifications set read_at = now() where id in (select id from notifications order by last_at, id limit 200)`,
      );
    }
    expect(seen.size).toBe(1_100);
  });
});

describe('the feed', { timeout: 60_000 }, () => {
  it('hands over each change once, and again after a failure', async () => {
    const taken: string[] = [];
    let refusals = 2;
    const feed = new AlertFeed({
      client: chat.bot,
      log: pino({ level: 'silent' }),
      timing: { ...defaultTiming, pollMs: 50, resyncMs: 50, gatherMs: 10 },
      now: Date.now,
      isWanted: () => true,
      onAlerts: async (rows) => {
        if (rows.some(({ title }) => title.startsWith('fed')) && refusals > 0) {
          refusals -= 1;
          throw new Error('not now');
        }
        taken.push(...rows.map(({ title, read_at }) => `${title}${read_at === null ? '' : ' seen'}`));
      },
    });
    feed.start();
    try {
      await write('fed ', 3);
      await eventually(() => expect(taken.filter((title) => title.startsWith('fed'))).toHaveLength(3));
      await chat.stack.database.query(`update notifications set read_at = now() where title = 'fed 2'`);
      await eventually(() => expect(taken).toContain('fed 2 seen'));
      await write('last ', 1);
      await eventually(() => expect(taken).toContain('last 1'));
      expect(refusals).toBe(0);
      expect(taken.filter((title) => title.startsWith('fed')).sort()).toEqual([
        'fed 1',
        'fed 2',
        'fed 2 seen',
        'fed 3',
      ]);
    } finally {
      feed.stop();
    }
  });
});
