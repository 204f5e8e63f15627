import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
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

describe('results', () => {
  test('finish a row with everything that came of it', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    await exchange(database, {
      gateway,
      results: [
        { token, status: 'done', exit_code: 0, stdout: 'out', stderr: 'err', result: { runner: 'r' } },
      ],
    });
    expect(await readCommand(database, id)).toMatchObject({
      status: 'done',
      exit_code: 0,
      stdout: 'out',
      result: { runner: 'r' },
    });
  });

  test('handed in twice are taken as handed in, and change nothing the second time', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    await exchange(database, { gateway, results: [{ token, status: 'done', stdout: 'first' }] });
    const again = await exchange(database, {
      gateway,
      renew: [token],
      output: [{ token, seq: 0, stream: 'stdout', text: 'late' }],
      progress: [{ token, percent: 1 }],
      results: [{ token, status: 'failed', stdout: 'second' }],
    });
    expect(again.lost).toEqual([]);
    expect(await readCommand(database, id)).toMatchObject({ status: 'done', stdout: 'first' });
  });

  test('of a runner whose lease was swept are lost and change nothing', async () => {
    const id = await ask(database, gateway, 'restart_gateway');
    const { lease_token: token } = await claimOne(database, gateway);
    await expireLease(database, id);
    const second = await claimOne(database, gateway, 'runner-2');
    expect(second).toMatchObject({ id, attempt: 2 });
    const late = await exchange(database, {
      gateway,
      renew: [token],
      results: [{ token, status: 'failed' }],
    });
    expect(late.lost).toEqual([token]);
    expect(await readCommand(database, id)).toMatchObject({ status: 'running', runner_id: 'runner-2' });
  });

  test('a result "pending" returns a command unrun, without using up an attempt', async () => {
    const id = await ask(database, gateway, 'restart_gateway');
    const { lease_token: token } = await claimOne(database, gateway);
    await exchange(database, { gateway, results: [{ token, status: 'pending' }] });
    expect(await readCommand(database, id)).toMatchObject({
      status: 'pending',
      attempt: 0,
      lease_token: null,
    });
    expect((await claimOne(database, gateway, 'runner-2')).attempt).toBe(1);
  });

  test('keep the last 64 KiB of what was written, in whole characters', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    const stdout = `start${'€'.repeat(100_000)}end`;
    await exchange(database, { gateway, results: [{ token, status: 'done', stdout }] });
    const kept = (await readCommand(database, id)).stdout ?? '';
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(65_536);
    expect(Buffer.byteLength(kept)).toBeGreaterThan(65_000);
    expect(kept.endsWith('€end')).toBe(true);
  });

  test('that cannot be read fail their own row and block no other', async () => {
    const bad = await ask(database, gateway, 'ping');
    const good = await ask(database, gateway, 'ping');
    const { claimed } = await exchange(database, { gateway, claim: 2 });
    const token = (id: string) => claimed.find((command) => command.id === id)?.lease_token;
    const turn = await exchange(database, {
      gateway,
      results: [
        'not an object',
        { token: 'no uuid', status: 'done' },
        { token: token(bad), status: 'exploded', exit_code: 'x', result: [] },
        { token: token(good), status: 'done', exit_code: 1e12 },
      ],
    });
    expect(turn.lost).toEqual(['no uuid', 'unreadable']);
    expect(await readCommand(database, bad)).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('cannot be read'),
    });
    expect(await readCommand(database, good)).toMatchObject({ status: 'done', exit_code: null });
  });

  test('that are no list at all are taken as none', async () => {
    const turn = await exchange(database, {
      gateway,
      results: { token: 'x' },
      output: 'x',
      progress: 7,
      beat: [1],
    });
    expect(turn).toMatchObject({ lost: [], gateway_status: 'ready' });
  });
});

describe('output and progress', () => {
  test('output is kept by attempt and order, and a repeated chunk once', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    const chunk = (seq: number, text: string, stream = 'stdout') => ({ token, seq, stream, text });
    await exchange(database, { gateway, output: [chunk(1, 'b', 'stderr'), chunk(0, 'a')] });
    await exchange(database, { gateway, output: [chunk(1, 'b', 'stderr'), chunk(2, 'c')] });
    const rows = await database.query(
      `select attempt, seq, stream, text from agent_command_output where command_id = $1 order by seq`,
      [id],
    );
    expect(rows).toEqual([
      { attempt: 1, seq: 0, stream: 'stdout', text: 'a' },
      { attempt: 1, seq: 1, stream: 'stderr', text: 'b' },
      { attempt: 1, seq: 2, stream: 'stdout', text: 'c' },
    ]);
  });

  test('at most 256 KiB of an attempt are kept, with a mark where the rest is left out', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    const text = '€'.repeat(30_000);
    for (let seq = 0; seq < 5; seq += 1) {
      await exchange(database, { gateway, output: [{ token, seq, stream: 'stdout', text }] });
    }
    const rows = await database.query<{ text: string }>(
      `select text from agent_command_output where command_id = $1 order by seq`,
      [id],
    );
    const whole = rows.map((chunk) => chunk.text).join('');
    expect(rows).toHaveLength(3);
    expect(whole.endsWith('€\n[the rest is left out: more than 256 KiB]\n')).toBe(true);
    expect(Buffer.byteLength(whole)).toBeLessThan(262_144 + 100);
  });

  test('progress is kept within its bounds', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    await exchange(database, { gateway, progress: [{ token, percent: 250, note: 'pulling' }] });
    expect((await readCommand(database, id)).progress).toEqual({ percent: 100, note: 'pulling' });
    await exchange(database, { gateway, progress: [{ token, percent: null, note: 'x'.repeat(1000) }] });
    expect((await readCommand(database, id)).progress).toEqual({ percent: null, note: 'x'.repeat(500) });
  });

  test('a token that never was is lost', async () => {
    const token = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
    const turn = await exchange(database, {
      gateway,
      renew: [token],
      output: [{ token, seq: 0, stream: 'stdout', text: 'x' }],
      progress: [{ token }],
    });
    expect(turn.lost).toEqual([token]);
  });
});

describe('leases', () => {
  test('a renewed lease lasts from now on', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    await expireLease(database, id);
    expect((await exchange(database, { gateway, renew: [token], leaseSeconds: 30 })).lost).toEqual([]);
    const [left] = await database.query<{ seconds: string }>(
      `select extract(epoch from leased_until - clock_timestamp()) as seconds from agent_commands where id = $1`,
      [id],
    );
    expect(Number(left?.seconds)).toBeGreaterThan(25);
    expect(Number(left?.seconds)).toBeLessThanOrEqual(30);
  });

  test('any runner of any gateway sweeps a safe command back to pending until its attempts are used up', async () => {
    const id = await ask(database, gateway, 'restart_gateway');
    const elsewhere = await database.addGateway(`elsewhere-${count}`);
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      expect((await claimOne(database, gateway)).attempt).toBe(attempt);
      await expireLease(database, id);
      await exchange(database, { gateway: elsewhere });
    }
    expect(await readCommand(database, id)).toMatchObject({
      status: 'failed',
      lease_token: null,
      error_message: 'the runner died while restart_gateway ran (attempt 3 of 3, runner-1)',
    });
  });

  test('a command that must not run twice fails at once when its runner dies', async () => {
    await database.query(`update hq.actions set retry = 'never' where name = 'ping'`);
    const id = await ask(database, gateway, 'ping');
    await claimOne(database, gateway);
    await expireLease(database, id);
    await exchange(database, { gateway });
    expect(await readCommand(database, id)).toMatchObject({ status: 'failed', attempt: 1 });
    await database.query(`update hq.actions set retry = 'safe' where name = 'ping'`);
  });

  test('a command whose cancelling was asked for is cancelled when its runner dies', async () => {
    const id = await ask(database, gateway, 'restart_gateway');
    await claimOne(database, gateway);
    await database.as(service, `select cancel_command($1)`, [id]);
    await expireLease(database, id);
    await exchange(database, { gateway });
    expect((await readCommand(database, id)).status).toBe('cancelled');
  });

  test('what an older daemon left running is given up an hour after its lease, and only then', async () => {
    const id = await ask(database, gateway, 'update_gateway');
    await database.query(`select lease_command(300, $1)`, [`gateway-${count}`]);
    await database.query(`select start_command($1)`, [id]);
    await expireLease(database, id);
    await exchange(database, { gateway });
    expect((await readCommand(database, id)).status).toBe('running');
    await database.behindTheGuard(
      `update agent_commands set leased_until = clock_timestamp() - interval '61 minutes' where id = $1`,
      [id],
    );
    await exchange(database, { gateway });
    expect(await readCommand(database, id)).toMatchObject({
      status: 'failed',
      error_message: expect.stringContaining('died'),
    });
  });
});

describe('what an older daemon leased and never started', () => {
  test('waits again an hour after its lease, and does not block the gateway for ever', async () => {
    const id = await ask(database, gateway, 'update_gateway');
    const restart = await ask(database, gateway, 'restart_gateway');
    await database.query(`select lease_command(300, $1)`, [`gateway-${count}`]);
    expect((await exchange(database, { gateway, claim: 1 })).claimed).toEqual([]);
    await database.behindTheGuard(
      `update agent_commands set leased_until = clock_timestamp() - interval '61 minutes' where id = $1`,
      [id],
    );
    expect((await exchange(database, { gateway, claim: 1 })).claimed.map((command) => command.id)).toEqual([
      restart,
    ]);
    expect((await readCommand(database, id)).status).toBe('pending');
  });
});

describe('fencing', () => {
  test('an older daemon cannot finish what a runner holds, nor what is finished', async () => {
    const id = await ask(database, gateway, 'ping');
    const { lease_token: token } = await claimOne(database, gateway);
    const complete = () => database.as(service, `select complete_command($1, 0, 'late', '')`, [id]);
    await expect(complete()).rejects.toMatchObject({ code: '55000', message: 'a runner holds this command' });
    await exchange(database, { gateway, results: [{ token, status: 'failed', error_message: 'no' }] });
    await expect(complete()).rejects.toMatchObject({
      code: '55000',
      message: expect.stringContaining('finished'),
    });
    expect(await readCommand(database, id)).toMatchObject({
      status: 'failed',
      error_message: 'no',
      stdout: null,
    });
  });

  test('only the queue issues lease tokens', async () => {
    const id = await ask(database, gateway, 'ping');
    await expect(
      database.as(service, `update agent_commands set lease_token = gen_random_uuid() where id = $1`, [id]),
    ).rejects.toMatchObject({ code: '55000' });
  });

  test('a finished payload may still be scrubbed', async () => {
    const id = await ask(database, gateway, 'tail_logs', { payload: { lines: 3 } });
    const { lease_token: token } = await claimOne(database, gateway);
    await exchange(database, { gateway, results: [{ token, status: 'done' }] });
    await database.as(service, `update agent_commands set payload = '{}' where id = $1`, [id]);
    expect(await database.query(`select payload from agent_commands where id = $1`, [id])).toEqual([
      { payload: {} },
    ]);
  });
});

describe('heartbeat', () => {
  test('merges into meta without touching what it does not know, and makes a new gateway ready', async () => {
    await database.query(
      `update gateways set status = 'provisioning', meta = '{"reachable_urls": {"base": "x"}, "version": "0"}' where id = $1`,
      [gateway],
    );
    const services = [{ name: 'gateway', health: 'stopped', startedAt: null, version: null, restarts: 0 }];
    const turn = await exchange(database, { gateway, beat: { version: '1', services } });
    expect(turn.gateway_status).toBe('ready');
    const [seen] = await database.query(
      `select meta, last_seen_at > clock_timestamp() - interval '10 s' as seen, last_heartbeat_at = last_seen_at as beat
       from gateways where id = $1`,
      [gateway],
    );
    expect(seen).toMatchObject({
      meta: { reachable_urls: { base: 'x' }, version: '1', services },
      seen: true,
    });
  });

  test('pausing and resuming answers the status, and leaves a hibernating gateway as it is', async () => {
    const pause = async (paused: boolean) =>
      (await database.as(service, `select set_gateway_paused($1, $2) as status`, [gateway, paused]))[0];
    expect(await pause(true)).toEqual({ status: 'paused' });
    expect(await pause(false)).toEqual({ status: 'ready' });
    await database.query(`update gateways set status = 'hibernating' where id = $1`, [gateway]);
    expect(await pause(true)).toEqual({ status: 'hibernating' });
    expect(await pause(false)).toEqual({ status: 'hibernating' });
  });
});

describe('cancel reaches the runner', () => {
  test('with the next renewal of the token', async () => {
    const id = await ask(database, gateway, 'restart_gateway');
    const { lease_token: token } = await claimOne(database, gateway);
    expect((await exchange(database, { gateway, renew: [token] })).cancel).toEqual([]);
    await database.as(service, `select cancel_command($1)`, [id]);
    expect((await exchange(database, { gateway, renew: [token] })).cancel).toEqual([token]);
    await exchange(database, { gateway, results: [{ token, status: 'cancelled' }] });
    expect((await readCommand(database, id)).status).toBe('cancelled');
  });
});
