import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RunnerHarness, startRunnerHarness, until } from './testing/runner-harness.ts';

let harness: RunnerHarness;
beforeEach(async () => {
  harness = await startRunnerHarness();
});
afterEach(() => harness?.close());

const begun = (id: string) => harness.journal().some((entry) => entry.commandId === id);

describe('while the database is away', () => {
  it('keeps a result until it is back, and starts what waits within 3 s', async () => {
    const runner = await harness.startRunner();
    const held = await harness.enqueue('tail_logs', { service: 'seconds_4' });
    await until('it to begin', () => begun(held));
    await harness.stopApi();
    await until('the handler to end', () => harness.journal().some((entry) => entry.what === 'ended'));
    await until('the runner to keep the result', async () => (await runner.health()).unsent === 1);
    const waiting = await harness.enqueue('tail_logs', { service: 'lines', lines: 1 });
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await harness.startApi();
    const backAt = Date.now();
    expect((await harness.ended(waiting)).status).toBe('done');
    const start = harness.journal().find((entry) => entry.commandId === waiting);
    expect((start?.at ?? Number.NaN) - backAt).toBeLessThan(3_000);
    expect(await harness.command(held)).toMatchObject({ status: 'done', attempt: 1 });
    expect(runner.log().filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('stops in bounded time and says with its exit code that it could not tell how a command ended', async () => {
    const runner = await harness.startRunner();
    const id = await harness.enqueue('tail_logs', { service: 'seconds_4' });
    await until('it to begin', () => begun(id));
    await harness.stopApi();
    await until('the handler to end', () => harness.journal().some((entry) => entry.what === 'ended'));
    expect(await runner.stop()).toBe(4);
  });

  it('has a key that is not accepted said once, and goes on without it', async () => {
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
  it('is renewed while its handler is slow, so that nobody else takes the command', async () => {
    await harness.startRunner({ LEASE_SECONDS: '2' });
    await harness.startRunner({ LEASE_SECONDS: '2' });
    const id = await harness.enqueue('tail_logs', { service: 'seconds_6' });
    expect(await harness.ended(id)).toMatchObject({ status: 'done', attempt: 1 });
    expect(harness.journal().map((entry) => entry.what)).toEqual(['began', 'ended']);
  });

  it('that was given away stops its handler, whose result changes nothing', async () => {
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

  it('of a runner that was killed runs out, and the command is run by the next one', async () => {
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

describe('a clock that is 10 minutes off', () => {
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

describe('a runner that is asked to stop', () => {
  it('lets what is short finish', async () => {
    const runner = await harness.startRunner();
    const id = await harness.enqueue('tail_logs', { service: 'seconds_2' });
    await until('it to begin', () => begun(id));
    expect(await runner.stop()).toBe(0);
    expect(await harness.command(id)).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('hands back what is long and safe to repeat, and takes nothing new', async () => {
    const runner = await harness.startRunner();
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
