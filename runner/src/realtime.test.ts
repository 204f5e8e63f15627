import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from './testing/fault-proxy.ts';
import {
  type RunnerHarness,
  type RunningRunner,
  startRunnerHarness,
  until,
} from './testing/runner-harness.ts';

const exchanges = '/rest/v1/rpc/runner_exchange';

let harness: RunnerHarness;
let proxy: FaultProxy;
beforeEach(async () => {
  harness = await startRunnerHarness();
  proxy = await startFaultProxy(harness.stack.url);
});
afterEach(async () => {
  await proxy?.close();
  await harness?.close();
});

const start = (environment: Readonly<Record<string, string>> = {}) =>
  harness.startRunner({ SUPABASE_URL: proxy.url, ...environment });

const trusts = (runner: RunningRunner) =>
  until('Realtime to be trusted', async () => (await runner.health()).realtime === 'trusted');

/** Returns the number of exchanges once half a second passed without another. */
async function restingCount(): Promise<number> {
  for (;;) {
    const count = proxy.requests(exchanges);
    await sleep(500);
    if (proxy.requests(exchanges) === count) return count;
  }
}

describe('a runner with Realtime', () => {
  it('runs a command of an idle queue with two requests, without waiting for a poll', async () => {
    const runner = await start();
    await trusts(runner);
    const before = await restingCount();
    expect((await harness.ended(await harness.enqueue('ping'), 3_000)).status).toBe('done');
    expect((await restingCount()) - before).toBe(2);
  });

  it('claims a burst of commands in a few exchanges', async () => {
    const runner = await start();
    await trusts(runner);
    const before = proxy.requests(exchanges);
    await harness.stack.database.query(
      `insert into public.agent_commands (gateway_id, action) select $1, 'ping' from generate_series(1, 300)`,
      [harness.gateway],
    );
    await until('all to be done', async () =>
      (await harness.commands()).every((command) => command.status === 'done'),
    );
    expect(proxy.requests(exchanges) - before).toBeLessThan(100);
  });

  it('is notified of a cancellation', async () => {
    const runner = await start();
    await trusts(runner);
    const id = await harness.enqueue('tail_logs', { service: 'seconds_600' });
    await until('it to begin', () => harness.journal().length > 0);
    await harness.stack.database.query(
      `update public.agent_commands set cancel_requested_at = now() where id = $1`,
      [id],
    );
    expect((await harness.ended(id, 3_000)).status).toBe('cancelled');
  });
});

describe('while Realtime', () => {
  it('delivers a heartbeat before the response to it, it stays trusted', async () => {
    const runner = await start({ HEARTBEAT_SECONDS: '1', ECHO_MS: '1500' });
    await trusts(runner);
    proxy.delayResponses(300);
    // Covers a heartbeat, and the time after which it would be missed if counted from the response.
    await sleep(4_000);
    expect(runner.log().filter((line) => line.msg === 'polling')).toEqual([]);
    expect((await runner.health()).realtime).toBe('trusted');
  });

  it('is refused, a command waits for two seconds at most', async () => {
    proxy.refuseWebSockets(true);
    const runner = await start();
    for (let count = 0; count < 3; count += 1) {
      await sleep(300);
      const id = await harness.enqueue('ping');
      expect((await harness.ended(id, 3_000)).status).toBe('done');
    }
    expect((await runner.health()).realtime).not.toBe('trusted');
    proxy.refuseWebSockets(false);
    await trusts(runner);
  });

  it('is joined but delivers nothing, it loses trust, and commands still run', async () => {
    const runner = await start({ HEARTBEAT_SECONDS: '1', ECHO_MS: '1000' });
    await trusts(runner);
    await harness.stack.database.behindTheGuard(
      `create or replace function hq_realtime.announce() returns trigger language plpgsql as 'begin return null; end'`,
    );
    await until('Realtime to lose trust', async () => (await runner.health()).realtime !== 'trusted');
    expect((await harness.ended(await harness.enqueue('ping'), 3_500)).status).toBe('done');
    // A new join without a delivered change earns no trust.
    await sleep(1_500);
    expect((await runner.health()).realtime).not.toBe('trusted');
  });

  it('disconnects repeatedly, every command runs once, and it is trusted once it stays connected', async () => {
    const runner = await start();
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      proxy.cutWebSockets();
      ids.push(await harness.enqueue('tail_logs', { service: 'seconds_0', lines: 1 }));
      await sleep(100);
    }
    for (const id of ids) expect((await harness.ended(id)).status).toBe('done');
    expect(harness.journal().filter((entry) => entry.what === 'began')).toHaveLength(20);
    expect(proxy.requests(exchanges)).toBeLessThan(150);
    await trusts(runner);
  });
});

describe('a lost response', () => {
  it('costs no command its attempt: the claimed commands are returned again', async () => {
    const runner = await start();
    await trusts(runner);
    proxy.dropResponses(exchanges, 1);
    const claimed = await harness.enqueue('tail_logs', { service: 'seconds_1' });
    expect(await harness.ended(claimed, 10_000)).toMatchObject({ status: 'done', attempt: 1 });
    expect(harness.journal().map((entry) => entry.what)).toEqual(['began', 'ended']);
  });

  it('costs no result: it is sent again', async () => {
    const runner = await start();
    await trusts(runner);
    const id = await harness.enqueue('tail_logs', { service: 'lines', lines: 3 });
    proxy.dropResponses(exchanges, 3);
    expect(await harness.ended(id, 10_000)).toMatchObject({ status: 'done', attempt: 1 });
    expect(await harness.output(id)).toBe('line 1\nline 2\nline 3\n');
    await until('the runner to know', async () => (await runner.health()).unsent === 0);
    expect(harness.journal().map((entry) => entry.what)).toEqual(['began', 'ended']);
  });
});
