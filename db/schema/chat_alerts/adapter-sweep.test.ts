import pg from 'pg';
import { expect, test } from 'vitest';
import { openChatFixture } from '../../testing/chat.ts';
import { cloneDatabase } from '../../testing/database.ts';

test('a beat does not wait for one with another token that has not ended', { timeout: 60_000 }, async () => {
  const database = await cloneDatabase();
  const other = new pg.Client({ connectionString: database.url });
  try {
    const chats = await openChatFixture(database);
    const beat = (token: string) =>
      chats.request('chat_heartbeat', {
        holder: token,
        adapters: [
          {
            platform: 'slack',
            install: 'T1',
            fingerprint: token.repeat(16),
            state: 'connected',
            detail: null,
          },
        ],
      });
    const known = () =>
      database.query(`select left(fingerprint, 1) as token from chat_adapters order by fingerprint`);
    await beat('a');
    await database.query(`update chat_adapters set held_until = now() - interval '1 second'`);
    await other.connect();
    await other.query('begin');
    await other.query('select 1 from chat_adapters for update');
    expect((await beat('b')).held).toEqual({ slack: true });
    expect(await known()).toEqual([{ token: 'a' }, { token: 'b' }]);
    await other.query('rollback');
    await beat('b');
    expect(await known()).toEqual([{ token: 'b' }]);
  } finally {
    await other.end();
    await database.drop();
  }
});
