import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openChatFixture } from '../testing/chat.ts';
import { type Caller, service, type TestDatabase } from '../testing/database.ts';
import { enqueue } from '../testing/enqueue.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';

const { gateway } = older;
const sealed = 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEd';

describe('commands on an adopted HQ', () => {
  let database: TestDatabase;
  let viewer: Caller;
  beforeAll(async () => {
    database = await openAdoptedHq();
    viewer = await database.addUser({ role: 'viewer' });
  });
  afterAll(() => database.drop());

  test('every refusal is an answer with a line in the audit log (F2)', async () => {
    const refusals = async () =>
      (await database.query(`select 1 from audit_log where action::text = 'command.refused'`)).length;
    const before = await refusals();
    expect((await enqueue(database, owner, 'nope')).refused?.code).toBe('usage');
    expect((await enqueue(database, owner, 'pause_agent', { agent: 'nosuch' })).refused?.code).toBe(
      'not_found',
    );
    expect((await enqueue(database, viewer, 'restart_gateway')).refused?.code).toBe('refused');
    const [secret] = await database.as(viewer, `select set_secret('X', $1, 'default') as a`, [sealed]);
    expect(secret?.a.refused.code).toBe('refused');
    expect(await refusals()).toBe(before + 4);
    await database.as(service, `select replace_envelopes('[]', null, true)`);
    const chats = await openChatFixture(database);
    expect((await chats.call('chat_act', {}, { action: 'ping', payload: {} })).refused?.code).toBe('refused');
  });

  test('a key in clear is refused, and an absent one is not (F4)', async () => {
    const insert = (payload: object) =>
      database.as(
        owner,
        `insert into agent_commands (gateway_id, action, payload) values ($1, 'auth_list', $2)`,
        [gateway, JSON.stringify(payload)],
      );
    await expect(insert({ api_key: 'sk-secret' })).rejects.toMatchObject({ code: '22023' });
    await insert({ api_key: null });
  });

  test.each(['complete_command', 'fail_command'])(
    'what somebody pasted into a sign-in is gone after %s (F4)',
    async (end) => {
      const [row] = await database.as<{ id: string }>(
        owner,
        `insert into agent_commands (gateway_id, action, payload) values ($1, 'auth_paste', $2) returning id`,
        [gateway, JSON.stringify({ parent_command_id: 'p', value: 'the-code' })],
      );
      const more = end === 'fail_command' ? `, 'no'` : '';
      await database.as(service, `select ${end}($1, 0, '', ''${more})`, [row?.id]);
      const [after] = await database.query(`select payload from agent_commands where id = $1`, [row?.id]);
      expect(JSON.stringify(after)).not.toContain('the-code');
      expect(after?.payload).toMatchObject({ parent_command_id: 'p' });
    },
  );

  test('a payload beyond 1 MiB is refused (F5)', async () => {
    await expect(
      database.as(
        owner,
        `insert into agent_commands (gateway_id, action, payload) values ($1, 'source_write', $2)`,
        [gateway, JSON.stringify({ text: 'x'.repeat(1_100_000) })],
      ),
    ).rejects.toMatchObject({ code: '22023', column: 'payload' });
  });
});
