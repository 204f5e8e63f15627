import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';
import { ask, claimOne, exchange, expireLease, readCommand } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let count = 0;

beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  count += 1;
  gateway = await database.addGateway(`gateway-${count}`);
});

describe('claim', () => {
  test('repeats leases that the same runner does not know of, and nothing else', async () => {
    await ask(database, gateway, 'ping');
    const claimed = await claimOne(database, gateway);
    const again = await exchange(database, { gateway, claim: 5 });
    expect(again.claimed).toEqual([claimed]);
    const known = await exchange(database, { gateway, claim: 5, renew: [claimed.lease_token] });
    expect(known.claimed).toEqual([]);
    const another = await exchange(database, { gateway, runner: 'runner-2', claim: 5 });
    expect(another.claimed).toEqual([]);
    await expireLease(database, claimed.id);
    const swept = await exchange(database, { gateway, claim: 5 });
    expect(swept.claimed).toMatchObject([{ id: claimed.id, attempt: 2 }]);
  });

  test('repeats no lease that was renewed: another process with the same id would run the command too', async () => {
    await ask(database, gateway, 'ping');
    const { lease_token } = await claimOne(database, gateway);
    await exchange(database, { gateway, renew: [lease_token] });
    expect((await exchange(database, { gateway, claim: 5 })).claimed).toEqual([]);
  });

  test('reads nothing of what waits for other executors', async () => {
    await database.behindTheGuard(
      `insert into agent_commands (gateway_id, action) select $1, 'update_gateway' from generate_series(1, 3000)`,
      [gateway],
    );
    const id = await ask(database, gateway, 'ping');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query(
        `select runner_exchange($1, 'runner-1', 5) -> 'claimed' as claimed`,
        [gateway],
      );
      expect(rows).toMatchObject([{ claimed: [{ id }] }]);
      const { rows: counters } = await client.query(
        `select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables where relid = 'agent_commands'::regclass`,
      );
      expect(counters[0]?.read).toBeLessThan(300);
    } finally {
      await client.end();
    }
  });

  test('of a runner that died lasts no longer because the clock was set back', async () => {
    const id = await ask(database, gateway, 'ping');
    await claimOne(database, gateway);
    await database.behindTheGuard(
      `update agent_commands set leased_at = leased_at + interval '5 hours', leased_until = leased_until + interval '5 hours' where id = $1`,
      [id],
    );
    const { sweep_in_ms } = await exchange(database, { gateway, runner: 'runner-2' });
    expect(sweep_in_ms).toBeLessThanOrEqual(60_000);
    expect((await readCommand(database, id)).status).toBe('running');
  });

  test('says when the next lease of another runner runs out', async () => {
    expect((await exchange(database, { gateway })).sweep_in_ms).toBeNull();
    await ask(database, gateway, 'ping');
    const { lease_token } = await claimOne(database, gateway);
    expect((await exchange(database, { gateway, renew: [lease_token] })).sweep_in_ms).toBeNull();
    const { sweep_in_ms } = await exchange(database, { gateway, runner: 'runner-2' });
    expect(sweep_in_ms).toBeGreaterThan(50_000);
    expect(sweep_in_ms).toBeLessThanOrEqual(60_000);
  });

  test('gives what a runner needs, and means running', async () => {
    const id = await ask(database, gateway, 'tail_logs', { payload: { lines: 5 } });
    const command = await claimOne(database, gateway);
    expect(command).toMatchObject({
      id,
      action: 'tail_logs',
      payload: { lines: 5 },
      agent_slug: null,
      attempt: 1,
      lease_seconds: 60,
      timeout_seconds: 60,
      requested_by: null,
      origin: 'api',
    });
    expect(await readCommand(database, id)).toMatchObject({
      status: 'running',
      runner_id: 'runner-1',
      attempt: 1,
    });
  });

  test('takes reads and control first, then the oldest', async () => {
    const restart = await ask(database, gateway, 'restart_gateway');
    const first = await ask(database, gateway, 'ping');
    const second = await ask(database, gateway, 'stack_status');
    const { claimed } = await exchange(database, { gateway, claim: 10 });
    expect(claimed.map(({ id }) => id)).toEqual([first, second, restart]);
  });

  test('takes control even when the runner could start one only and older work waits', async () => {
    await ask(database, gateway, 'restart_gateway');
    const ping = await ask(database, gateway, 'ping');
    expect((await claimOne(database, gateway)).id).toBe(ping);
  });

  test('never gives the commands of another gateway', async () => {
    await ask(database, gateway, 'ping');
    const other = await database.addGateway(`other-${count}`);
    expect((await exchange(database, { gateway: other, claim: 10 })).claimed).toEqual([]);
  });

  test('gives one stack action at a time and the next when it is finished', async () => {
    const first = await ask(database, gateway, 'restart_gateway');
    const second = await ask(database, gateway, 'restart_dispatcher');
    const { claimed } = await exchange(database, { gateway, claim: 10 });
    expect(claimed.map(({ id }) => id)).toEqual([first]);
    expect((await exchange(database, { gateway, claim: 10, runner: 'runner-2' })).claimed).toEqual([]);
    const results = [{ token: claimed[0]?.lease_token, status: 'done' }];
    const next = await exchange(database, { gateway, claim: 10, results });
    expect(next.claimed.map(({ id }) => id)).toEqual([second]);
  });

  test('counts a stack action that an older daemon runs', async () => {
    const old = await ask(database, gateway, 'update_gateway');
    await database.query(`select lease_command(300, $1)`, [`gateway-${count}`]);
    await database.query(`select start_command($1)`, [old]);
    await ask(database, gateway, 'restart_gateway');
    expect((await exchange(database, { gateway, claim: 10 })).claimed).toEqual([]);
  });

  test('runs agents beside each other, each one command at a time', async () => {
    const a = await database.addAgent(`agent-a-${count}`, gateway);
    const b = await database.addAgent(`agent-b-${count}`, gateway);
    const first = await ask(database, gateway, 'update', { agent: a });
    const waits = await ask(database, gateway, 'update', { agent: a });
    const beside = await ask(database, gateway, 'update', { agent: b });
    const { claimed } = await exchange(database, { gateway, claim: 10 });
    expect(claimed.map(({ id }) => id)).toEqual([first, beside]);
    expect((await readCommand(database, waits)).status).toBe('pending');
  });

  test('leaves what is not served here to the daemons that serve it', async () => {
    const id = await ask(database, gateway, 'update_gateway');
    expect((await exchange(database, { gateway, claim: 10 })).claimed).toEqual([]);
    expect((await readCommand(database, id)).status).toBe('pending');
  });

  test.each(['paused', 'hibernating'])(
    'a %s gateway gets nothing but what runs while paused',
    async (status) => {
      await database.query(`update gateways set status = $2 where id = $1`, [gateway, status]);
      await ask(database, gateway, 'ping');
      await ask(database, gateway, 'restart_gateway');
      const resume = await ask(database, gateway, 'resume_gateway');
      const turn = await exchange(database, { gateway, claim: 10, beat: { version: '1' } });
      expect(turn.gateway_status).toBe(status);
      expect(turn.claimed.map(({ id }) => id)).toEqual([resume]);
    },
  );

  test('takes rows that were written past the guard, however malformed, and they can be failed', async () => {
    const rows = await database.behindTheGuard(
      `insert into agent_commands (gateway_id, action, payload, status, priority, attempt)
       values ($1, 'ping', '[1, "x"]', 'pending', -5, 99), ($1, 'tail_logs', '{"service": 7}', 'pending', 0, 0),
              ($1, 'restart_gateway', '"text"', 'pending', 0, 0)
       returning id`,
      [gateway],
    );
    const { claimed } = await exchange(database, { gateway, claim: 10 });
    expect(claimed.map(({ id }) => id).sort()).toEqual(rows.map(({ id }) => id).sort());
    const results = claimed.map(({ lease_token: token }) => ({
      token,
      status: 'failed',
      error_message: 'no',
    }));
    expect((await exchange(database, { gateway, results })).lost).toEqual([]);
    for (const { id } of rows) expect((await readCommand(database, id)).status).toBe('failed');
  });

  test('answers a gateway that is gone without a claim, and still takes results', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    await database.query(`delete from gateways where id = $1`, [gateway]);
    const turn = await exchange(database, {
      gateway,
      claim: 5,
      results: [{ token, status: 'done' }],
      beat: {},
    });
    expect(turn).toMatchObject({ gateway_status: null, claimed: [], lost: [] });
    expect((await readCommand(database, id)).status).toBe('done');
  });
});
