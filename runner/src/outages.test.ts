import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunnerHarness, startRunnerHarness, until } from './testing/runner-harness.ts';

let harness: RunnerHarness;
beforeEach(async () => {
  harness = await startRunnerHarness();
});
afterEach(() => harness?.close());

const begun = (id: string) => harness.journal().some((entry) => entry.commandId === id);

describe('while the database is unreachable', () => {
  it('keeps a result until it answers again, and starts waiting commands within 3 s', async () => {
    const runner = await harness.startRunner();
    const held = await harness.enqueue('tail_logs', { service: 'released' });
    await until('it to begin', () => begun(held));
    await harness.stopApi();
    harness.release();
    await until('the handler to end', () => harness.journal().some((entry) => entry.what === 'ended'));
    await until('the runner to keep the result', async () => (await runner.health()).unsent === 1);
    const waiting = await harness.enqueue('tail_logs', { service: 'lines', lines: 1 });
    // Long enough for the longest delay between retries.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await harness.startApi();
    const backAt = Date.now();
    expect((await harness.ended(waiting)).status).toBe('done');
    const start = harness.journal().find((entry) => entry.commandId === waiting);
    expect((start?.at ?? Number.NaN) - backAt).toBeLessThan(3_000);
    expect(await harness.command(held)).toMatchObject({ status: 'done', attempt: 1 });
    expect(runner.log().filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('stops in bounded time with an exit code for an undelivered result', async () => {
    const runner = await harness.startRunner({ DELIVER_MS: '1000' });
    const id = await harness.enqueue('tail_logs', { service: 'released' });
    await until('it to begin', () => begun(id));
    await harness.stopApi();
    harness.release();
    await until('the handler to end', () => harness.journal().some((entry) => entry.what === 'ended'));
    expect(await runner.stop()).toBe(4);
  });

  it('logs a refused key once, and keeps running', async () => {
    const runner = await harness.startRunner({
      SUPABASE_SERVICE_ROLE_KEY: 'a-key-that-was-revoked-yesterday',
    });
    const health = await until('the refusal', async () => {
      const answer = await runner.health();
      return answer.fault !== null && answer;
    });
    expect(health).toMatchObject({ httpStatus: 503, status: 'failing' });
    expect(health.fault).toContain('does not accept the runner’s key');
    expect(runner.rawLog()).not.toContain('a-key-that-was-revoked-yesterday');
    expect(runner.child.exitCode).toBeNull();
  });
});

describe('a lease', () => {
  it('is renewed while its handler is slow, so that no other runner claims the command', async () => {
    await Promise.all([
      harness.startRunner({ LEASE_SECONDS: '2' }),
      harness.startRunner({ LEASE_SECONDS: '2' }),
    ]);
    const id = await harness.enqueue('tail_logs', { service: 'seconds_4' });
    expect(await harness.ended(id)).toMatchObject({ status: 'done', attempt: 1 });
    expect(harness.journal().map((entry) => entry.what)).toEqual(['began', 'ended']);
  });

  it('that was lost stops its handler, whose result changes nothing', async () => {
    await harness.startRunner({ LEASE_SECONDS: '2' });
    const id = await harness.enqueue('tail_logs', { service: 'seconds_60' });
    await until('it to begin', () => begun(id));
    await harness.stack.database.behindTheGuard(
      `update public.agent_commands set lease_token = gen_random_uuid(), leased_until = now() + interval '1 hour', runner_id = 'another'
       where id = $1`,
      [id],
    );
    await until('the handler to stop', () => harness.journal().some((entry) => entry.what === 'stopped'));
    expect(await harness.command(id)).toMatchObject({
      status: 'running',
      runner_id: 'another',
      error_message: null,
    });
  });

  it('of a killed runner expires, and the next runner runs the command', async () => {
    const first = await harness.startRunner({ LEASE_SECONDS: '2' });
    const id = await harness.enqueue('tail_logs', { service: 'seconds_2' });
    await until('it to begin', () => begun(id));
    await first.kill();
    await harness.startRunner({ LEASE_SECONDS: '2' });
    expect(await harness.ended(id)).toMatchObject({ status: 'done', attempt: 2 });
  });
});

describe('several runners of one gateway', () => {
  it('run every command once', async () => {
    await Promise.all([harness.startRunner(), harness.startRunner(), harness.startRunner()]);
    const ids = await Promise.all(
      Array.from({ length: 90 }, () => harness.enqueue('tail_logs', { service: 'seconds_0', lines: 1 })),
    );
    for (const id of ids) expect((await harness.ended(id)).status).toBe('done');
    const begins = harness.journal().filter((entry) => entry.what === 'began');
    expect(new Set(begins.map((entry) => entry.commandId)).size).toBe(90);
    expect(begins).toHaveLength(90);
    expect(new Set(begins.map((entry) => entry.runner)).size).toBeGreaterThan(1);
  });
});

describe('a clock that is wrong by 10 minutes', () => {
  it.each([-600, 600])('of %i s changes nothing', async (seconds) => {
    const shift = `const now = Date.now; Date.now = () => now() + ${seconds * 1000};
      globalThis.Date = class extends Date { constructor(...a) { a.length === 0 ? super(Date.now()) : super(...a); } };`;
    await harness.startRunner({ LEASE_SECONDS: '2' }, [
      '--import',
      `data:text/javascript,${encodeURIComponent(shift)}`,
    ]);
    const id = await harness.enqueue('tail_logs', { service: 'seconds_3' });
    expect(await harness.ended(id)).toMatchObject({ status: 'done', attempt: 1 });
  });
});

describe('a stopping runner', () => {
  it('lets short commands finish', async () => {
    const runner = await harness.startRunner();
    const id = await harness.enqueue('tail_logs', { service: 'seconds_1' });
    await until('it to begin', () => begun(id));
    expect(await runner.stop()).toBe(0);
    expect(await harness.command(id)).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('releases a long command that is safe to repeat, and claims nothing new', async () => {
    const runner = await harness.startRunner({ FINISH_MS: '1000' });
    const id = await harness.enqueue('tail_logs', { service: 'seconds_600' });
    await until('it to begin', () => begun(id));
    const stopped = runner.stop();
    await until('it to say so', async () => (await runner.health()).status === 'stopping');
    const late = await harness.enqueue('ping');
    expect(await stopped).toBe(0);
    expect(await harness.command(id)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(await harness.command(late)).toMatchObject({ status: 'pending' });
    expect(harness.journal().map((entry) => entry.what)).toEqual(['began', 'stopped']);
  });
});
