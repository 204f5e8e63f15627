import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../src/migrate.ts';
import { verify } from '../src/verify.ts';
import { service, type TestDatabase } from '../testing/database.ts';
import { enqueue } from '../testing/enqueue.ts';
import { exchange, readCommand } from '../testing/exchange.ts';
import { runOlderDaemon } from '../testing/older-daemon.ts';
import { older, openAdoptedHq, owner } from '../testing/older-hq.ts';
import { onAdopted } from '../testing/on-adopted.ts';

const { gateway } = older;

describe('beside its daemon', () => {
  onAdopted('no action of ours is taken by it, and none of its by ours (F8)', async (database) => {
    await database.query(`delete from agent_commands`);
    for (const action of [
      'ping',
      'tail_logs',
      'stack_status',
      'pause_gateway',
      'resume_gateway',
      'update_gateway',
      'auth_list',
    ]) {
      await database.as(owner, `insert into agent_commands (gateway_id, action) values ($1, $2)`, [
        gateway,
        action,
      ]);
    }
    await enqueue(database, owner, 'auth_set_api_key', {
      gateway: 'default',
      payload: { provider: 'openai', secret: 'OPENAI_API_KEY' },
    });
    expect(await runOlderDaemon(database)).toEqual(['update_gateway', 'auth_list']);
    await database.as(
      owner,
      `insert into agent_commands (gateway_id, action) values ($1, 'update_gateway')`,
      [gateway],
    );
    const { claimed } = await exchange(database, { gateway, claim: 20 });
    expect(claimed.map(({ action }) => action).sort()).toEqual(
      ['auth_set_api_key', 'pause_gateway', 'ping', 'resume_gateway', 'stack_status', 'tail_logs'].sort(),
    );
  });

  onAdopted('what both know is its own until a runner of ours is there (F8)', async (database) => {
    await database.query(`delete from agent_commands`);
    const ask = () =>
      database.as(owner, `insert into agent_commands (gateway_id, action) values ($1, 'restart_gateway')`, [
        gateway,
      ]);
    await ask();
    expect(await runOlderDaemon(database)).toEqual(['restart_gateway']);
    await exchange(database, { gateway, beat: { version: '1' } });
    await ask();
    expect(await runOlderDaemon(database)).toEqual([]);
    expect((await exchange(database, { gateway, claim: 1 })).claimed).toMatchObject([
      { action: 'restart_gateway' },
    ]);
  });

  onAdopted('a runner gets the fields that it knows of a payload for both (F5)', async (database) => {
    await database.query(`delete from agent_commands`);
    await database.as(
      owner,
      `insert into agent_commands (gateway_id, action, payload) values ($1, 'restart_gateway', '{"force": null}')`,
      [gateway],
    );
    expect((await exchange(database, { gateway, claim: 1 })).claimed).toMatchObject([
      { action: 'restart_gateway', payload: {} },
    ]);
  });

  onAdopted(
    'a command of no gateway for both is the daemon’s, and HQ’s own faces still name one (F16)',
    async (database) => {
      await database.query(`delete from agent_commands`);
      await database.addGateway('another');
      await database.as(owner, `insert into agent_commands (action) values ('restart_dispatcher')`);
      expect(await runOlderDaemon(database)).toEqual(['restart_dispatcher']);
      expect((await enqueue(database, owner, 'restart_dispatcher')).refused).toMatchObject({
        code: 'usage',
        field: 'gateway',
      });
      expect(
        (await enqueue(database, owner, 'restart_gateway', { gateway: 'default', payload: { force: true } }))
          .refused?.code,
      ).toBe('usage');
    },
  );

  onAdopted(
    'it gets nothing of a paused gateway, and nothing of another tenant’s without a gateway (F8)',
    async (database) => {
      await database.query(`delete from agent_commands`);
      await database
        .query(
          `insert into agent_commands (tenant_id, action, gateway_id) values ('11111111-1111-4111-8111-111111111111', 'update_all', null)`,
        )
        .catch(() => undefined);
      await database.query(`insert into agent_commands (gateway_id, action) values ($1, 'update_all')`, [
        gateway,
      ]);
      await database.query(`update gateways set status = 'paused' where id = $1`, [gateway]);
      expect(await runOlderDaemon(database)).toEqual([]);
    },
  );

  onAdopted('a command of no gateway is run by the only one there is (F16)', async (database) => {
    const { claimed } = await exchange(database, { gateway, claim: 10, beat: {} });
    expect(claimed.map(({ action }) => action)).toContain('restart_dispatcher');
  });

  onAdopted('what nobody serves ends with a reason (F19)', async (database) => {
    const insert = async (action: string) => {
      const [row] = await database.behindTheGuard(
        `insert into agent_commands (gateway_id, action, created_at) values ($1, $2, now() - interval '2 hours') returning id`,
        [gateway, action],
      );
      return String(row?.id);
    };
    const theirs = await insert('backup_gateway');
    await exchange(database, { gateway, beat: {} });
    expect(await readCommand(database, theirs)).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('no daemon'),
    });
    await runOlderDaemon(database);
    const kept = await insert('update_gateway');
    await exchange(database, { gateway, beat: {} });
    expect(await readCommand(database, kept)).toMatchObject({ status: 'pending' });
  });

  onAdopted(
    'the first exchange ends what was left running, with one alert for all (F19)',
    async (database) => {
      await database.behindTheGuard(
        `insert into agent_commands (gateway_id, action, status, created_at, started_at, leased_until)
       select $1, 'update_all', 'running', now() - interval '9 days', now() - interval '9 days', now() - interval '9 days'
       from generate_series(1, 300)`,
        [gateway],
      );
      await exchange(database, { gateway, beat: {} });
      expect(
        await database.query(
          `select status, count(*)::int as n from agent_commands where action = 'update_all' group by 1`,
        ),
      ).toEqual([{ status: 'failed', n: 301 }]);
      expect(
        await database.query(`select type, title from notifications where type::text = 'command_failed'`),
      ).toEqual([{ type: 'command_failed', title: '301 commands of the older HQ never ended' }]);
      expect(
        await database.query(
          `select 1 from agent_commands where status = 'failed' and completed_at > now() - interval '1 day'`,
        ),
      ).toEqual([]);
    },
  );
});

describe('its lease_command, whatever it returns', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openAdoptedHq();
    await database.query(`delete from agent_commands`);
  });
  afterAll(() => database.drop());

  const row = `(select c from public.agent_commands c where c.status = 'pending' order by c.created_at limit 1)`;
  test.each([
    ['public.agent_commands', `select ($row).*`, '(lease_command(60, $1)).id'],
    ['jsonb', 'select to_jsonb($row)', `lease_command(60, $1) ->> 'id'`],
    ['json', 'select to_json($row)', `lease_command(60, $1) ->> 'id'`],
    ['uuid', 'select ($row).id', 'lease_command(60, $1)'],
    [
      'table (action public.command_action, id uuid)',
      'select ($row).action, ($row).id',
      '(lease_command(60, $1)).id',
    ],
  ])('%s (F8)', async (result, body, id) => {
    await database.query(`drop function public.lease_command(integer, text)`);
    await database.query(`create function public.lease_command(p_lease_seconds integer default 300, p_gateway_slug text default null)
      returns ${result} language sql as $f$ ${body.replaceAll('$row', row)} $f$`);
    await migrate(database.url);
    await database.query(`delete from agent_commands`);
    for (const action of ['ping', 'update_all']) {
      await database.query(`insert into agent_commands (gateway_id, action) values ($1, $2)`, [
        gateway,
        action,
      ]);
    }
    const [leased] = await database.as<{ id: string }>(service, `select ${id} as id`, ['default']);
    expect(
      await database.query(`select action from agent_commands where id = $1 and status = 'leased'`, [
        leased?.id,
      ]),
    ).toEqual([{ action: 'update_all' }]);
    expect((await database.as(service, `select ${id} as id`, ['default']))[0]?.id ?? null).toBeNull();
    expect(await verify(database.url)).toEqual([]);
  });
});
