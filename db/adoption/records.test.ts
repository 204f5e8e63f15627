import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openChatFixture } from '../testing/chat.ts';
import { service, type TestDatabase } from '../testing/database.ts';
import { enqueue } from '../testing/enqueue.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';
import { onAdopted } from '../testing/on-adopted.ts';

const { gateway, scout, task, deliverable } = older;
const sealed = 'enc:v1:AAECAwQFBgcICQoL.3UOw-kVwfImm9-ejRmLEoQ.vlxHGEd';

describe('records of an adopted HQ', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openAdoptedHq();
  });
  afterAll(() => database.drop());

  test('an upsert changes neither what an agent spent nor whose budget it is (F6)', async () => {
    await database.as(
      owner,
      `update agent_budgets set agent_id = $2, current_period_spend_usd = 0, monthly_limit_usd = 7 where agent_id = $1`,
      [scout, scout],
    );
    await database
      .as(owner, `update agent_budgets set agent_id = gen_random_uuid() where agent_id = $1`, [scout])
      .catch(() => undefined);
    expect(
      await database.query(
        `select monthly_limit_usd::float as limit, current_period_spend_usd::float as spent from agent_budgets where agent_id = $1`,
        [scout],
      ),
    ).toEqual([{ limit: 7, spent: 1.5 }]);
  });

  test('a secret is set without a name (F9)', async () => {
    const [row] = await database.as(owner, `select set_secret('MY_NEW', $1, 'default') as a`, [sealed]);
    expect(row?.a).toMatchObject({ created: true, secret: { key: 'MY_NEW', name: 'MY_NEW' } });
  });

  test('a task that HQ assigns is the agent’s in the web product too (F11)', async () => {
    const assigned = await enqueue(database, owner, 'assign_task', { payload: { task, agent: 'main' } });
    expect(assigned.refused).toBeUndefined();
    await enqueue(database, owner, 'create_task', { payload: { title: 'For scout', agent: 'scout' } });
    await enqueue(database, owner, 'create_task', { payload: { title: 'For nobody' } });
    expect(
      await database.query(
        `select title, assignee_type from tasks where id = $1 or title like 'For %' order by title`,
        [task],
      ),
    ).toEqual([
      { title: 'For nobody', assignee_type: null },
      { title: 'For scout', assignee_type: 'agent' },
      { title: 'Write', assignee_type: 'agent' },
    ]);
  });

  test('a secret keeps taking values under a name that is not allowed any more (F12)', async () => {
    await database.as(
      service,
      `update secrets set encrypted_value = $1 where key in ('in_clear', 'NODE_OPTIONS')`,
      [sealed],
    );
    const [row] = await database.as(owner, `select set_secret('in_clear', $1, 'default') as a`, [sealed]);
    expect(row?.a).toMatchObject({ created: false });
    await expect(
      database.query(`update secrets set key = 'lower' where key = 'EMPTY'`),
    ).rejects.toMatchObject({ code: '22023', column: 'key' });
  });

  test('a value that becomes active has no error any more (F20)', async () => {
    const [secret] = await database.query(`select id, revision from secrets where key = 'OPENAI_API_KEY'`);
    const results = [{ ...secret, status: 'error', error: 'not encrypted' }];
    await database.as(service, `select secrets_synced($1, $2)`, [gateway, JSON.stringify(results)]);
    await database.as(service, `update secrets set sync_status = 'active' where id = $1`, [secret?.id]);
    expect(await database.query(`select sync_error from secrets where id = $1`, [secret?.id])).toEqual([
      { sync_error: null },
    ]);
  });

  test('usage without a known cost comes last and costs nothing, and a deliverable has name and task (F21, F25)', async () => {
    const chats = await openChatFixture(database);
    const { code } = await chats.request('issue_chat_code', {}, owner);
    await chats.call('chat_link', {}, { code });
    const read = async (what: string, args: object = {}) =>
      z
        .array(z.record(z.string(), z.unknown()))
        .parse((await chats.call('chat_read', {}, { what, args })).rows);
    expect((await read('usage')).map(({ agent, cost_usd }) => [agent, cost_usd])).toEqual([
      ['scout', 1.5],
      ['main', 0],
    ]);
    expect(await read('deliverable', { id: deliverable })).toMatchObject([
      { title: 'The draft', entity_type: 'task', entity_id: task },
    ]);
    expect(await read('task', { id: task })).toMatchObject([{ deliverables: [{ title: 'The draft' }] }]);
  });
});

describe('budgets', () => {
  onAdopted('a raised or removed limit lets the agent run again (F10)', async (database) => {
    const status = async () =>
      (await database.query(`select status from agent_budgets where agent_id = $1`, [scout]))[0]?.status;
    const spend = () =>
      database.as(
        service,
        `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd) values ($1, gen_random_uuid()::text, 'p', 'm', 30)`,
        [scout],
      );
    await enqueue(database, owner, 'set_budget', { agent: 'scout', payload: { limit_usd: '25' } });
    await spend();
    expect(await status()).toBe('exceeded');
    const raised = await enqueue(database, owner, 'top_up_budget', {
      agent: 'scout',
      payload: { amount_usd: 100 },
    });
    expect(raised.command?.result).toMatchObject({ status: 'ok', limit_usd: 125, spent_usd: 31.5 });
    expect(await status()).toBe('ok');
    await database.as(owner, `update agent_budgets set monthly_limit_usd = 33 where agent_id = $1`, [scout]);
    expect(await status()).toBe('warned');
    await enqueue(database, owner, 'set_budget', { agent: 'scout', payload: { limit_usd: 'none' } });
    expect(await status()).toBe('unmetered');
  });
});
