import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RunnerHarness,
  type RunningRunner,
  startRunnerHarness,
  until,
} from './testing/runner-harness.ts';

let harness: RunnerHarness;
let runner: RunningRunner;
beforeAll(async () => {
  harness = await startRunnerHarness();
  runner = await harness.startRunner();
});
afterAll(() => harness?.close());

/** The most memory that a process ever had, in MiB. */
function peakMemory(pid: number | undefined): number {
  const [, kilobytes = 'NaN'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

const cancel = (id: string) =>
  harness.stack.database.query(`update public.agent_commands set cancel_requested_at = now() where id = $1`, [
    id,
  ]);

describe('a command', () => {
  it('is claimed, run and completed', async () => {
    const id = await harness.enqueue('ping');
    expect(await harness.ended(id)).toMatchObject({
      status: 'done',
      attempt: 1,
      exit_code: 0,
      error_message: null,
      result: { runner: expect.stringMatching(/-\d+-[0-9a-f]{6}$/) },
    });
  });

  it('shows its output while it runs, and all of it at the end', async () => {
    const id = await harness.enqueue('tail_logs', { service: 'slowly', lines: 60 });
    await until('the first lines', async () => (await harness.output(id)).includes('line 3\n'));
    expect((await harness.command(id)).status).toBe('running');
    const ended = await harness.ended(id);
    const lines = Array.from({ length: 60 }, (_, index) => `line ${index + 1}\n`).join('');
    expect(await harness.output(id)).toBe(lines);
    expect(ended).toMatchObject({ status: 'done', stdout: lines, result: { lines: 60 } });
  });

  it('fails with the reason and a hint, without the secret that the reason contains', async () => {
    const ended = await harness.ended(await harness.enqueue('tail_logs', { service: 'broken' }));
    expect(ended).toMatchObject({
      status: 'failed',
      exit_code: 1,
      error_message: 'It broke with [redacted]. Fix it.',
    });
  });

  it('fails with the field at fault when its row is malformed', async () => {
    const [row] = await harness.stack.database.behindTheGuard(
      `insert into public.agent_commands (gateway_id, action, payload)
       values ($1, 'tail_logs', '{"service": "gateway", "lines": "many"}') returning id`,
      [harness.gateway],
    );
    // A row written with triggers off is not announced: another command makes the runner poll.
    await harness.enqueue('ping');
    const ended = await harness.ended(String(row?.id));
    expect(ended.status).toBe('failed');
    expect(ended.error_message).toContain('"lines"');
  });

  it('restarts its own dispatcher when the stack has no service of that name', async () => {
    const own = await startRunnerHarness();
    try {
      await own.startRunner({ REAL_HANDLERS: '1' });
      const ended = await own.ended(await own.enqueue('restart_dispatcher'));
      expect(ended).toMatchObject({ status: 'done', result: { service: 'dispatcher' } });
      expect(ended.stdout).toContain('restarted the dispatcher of this runner; it follows 0 turns anew');
    } finally {
      await own.close();
    }
  });

  it('is cancelled while it runs, and its processes end', async () => {
    const id = await harness.enqueue('tail_logs', { service: 'seconds_600' });
    await until('it to begin', () => harness.journal().some((entry) => entry.commandId === id));
    await cancel(id);
    expect(await harness.ended(id)).toMatchObject({
      status: 'cancelled',
      error_message: 'cancelled while it ran',
    });
    expect(
      harness
        .journal()
        .filter((entry) => entry.commandId === id)
        .map((entry) => entry.what),
    ).toEqual(['began', 'stopped']);
  });

  it('is cancelled even when its handler ignores the signal', async () => {
    const id = await harness.enqueue('tail_logs', { service: 'deaf_60' });
    await until('it to begin', () => harness.journal().some((entry) => entry.commandId === id));
    await cancel(id);
    expect((await harness.ended(id)).status).toBe('cancelled');
  });

  it('pauses and resumes the gateway, which runs nothing while paused', async () => {
    const status = async () => {
      const [row] = await harness.stack.database.query<{ status: string }>(
        `select status from public.gateways where id = $1`,
        [harness.gateway],
      );
      return row?.status;
    };
    await harness.ended(await harness.enqueue('pause_gateway'));
    expect(await status()).toBe('paused');
    const waiting = await harness.enqueue('ping');
    await harness.ended(await harness.enqueue('pause_gateway'));
    expect((await harness.command(waiting)).status).toBe('pending');
    await harness.ended(await harness.enqueue('resume_gateway'));
    expect((await harness.ended(waiting)).status).toBe('done');
    expect(await status()).toBe('ready');
  });

  it('of the control lane does not wait for a long one', async () => {
    const slow = await startRunnerHarness();
    try {
      await slow.startRunner({ RESTART_SECONDS: '60' });
      const long = await slow.enqueue('restart_gateway');
      await until('the long one to run', () => slow.journal().length > 0);
      expect((await slow.ended(await slow.enqueue('ping'), 5_000)).status).toBe('done');
      expect((await slow.command(long)).status).toBe('running');
    } finally {
      await slow.close();
    }
  });

  it('that writes 100 MB with escape codes leaves bounded, plain output and little memory in use', async () => {
    const before = peakMemory(runner.child.pid);
    const id = await harness.enqueue('tail_logs', { service: 'megabytes_100' });
    const ended = await harness.ended(id, 60_000);
    expect(ended.status).toBe('done');
    const output = await harness.output(id);
    expect(output.length).toBeLessThan(256 * 1024);
    expect(output.slice(0, 85)).toBe(`red ${'x'.repeat(80)}\n`);
    expect(output.includes('characters left out')).toBe(true);
    expect(output.endsWith('the very last line\n')).toBe(true);
    expect([...output].some((sign) => sign < ' ' && sign !== '\n')).toBe(false);
    expect(ended.stdout?.length).toBeLessThan(20_000);
    expect(peakMemory(runner.child.pid) - before).toBeLessThan(80);
  });

  it('runs once, also when more commands end together than fit into one exchange', async () => {
    const from = harness.journal().length;
    const ids = await Promise.all(
      Array.from({ length: 14 }, () => harness.enqueue('tail_logs', { service: 'together', lines: 1_000 })),
    );
    for (const id of ids) {
      expect(await harness.ended(id)).toMatchObject({ status: 'done', attempt: 1 });
      expect((await harness.output(id)).endsWith('line 999\n')).toBe(true);
    }
    expect(
      harness
        .journal()
        .slice(from)
        .filter((entry) => entry.what === 'began'),
    ).toHaveLength(14);
  });

  it('can neither write what Postgres cannot store nor show the key of the runner', async () => {
    const broken = await harness.ended(await harness.enqueue('tail_logs', { service: 'nul' }));
    expect(broken.status).toBe('done');
    expect(await harness.output(broken.id)).toContain('before');
    const environment = await harness.enqueue('tail_logs', { service: 'environment' });
    expect((await harness.ended(environment)).status).toBe('done');
    const output = await harness.output(environment);
    expect(output).toContain('SUPABASE_SERVICE_ROLE_KEY=[redacted]');
    expect(output).not.toContain(harness.stack.serviceRoleKey);
    expect(runner.rawLog()).not.toContain(harness.stack.serviceRoleKey);
  });

  it('times out at the runner’s limit when that is lower', async () => {
    const own = await startRunnerHarness();
    try {
      await own.startRunner({ COMMAND_TIMEOUT: '1' });
      const ended = await own.ended(await own.enqueue('tail_logs', { service: 'seconds_60' }));
      expect(ended).toMatchObject({ status: 'failed', exit_code: 124, error_message: 'timed out after 1 s' });
    } finally {
      await own.close();
    }
  });
});

describe('a heartbeat', () => {
  it('stores the time, the services and the runner', async () => {
    const seen = await until('the heartbeat', async () => {
      const [row] = await harness.stack.database.query<{ meta: Record<string, unknown>; age: number }>(
        `select meta, extract(epoch from now() - last_seen_at)::float as age from public.gateways where id = $1`,
        [harness.gateway],
      );
      return row?.meta.services !== undefined && row;
    });
    expect(seen.meta).toMatchObject({ services: [], version: '0.0.0-test' });
    expect(seen.age).toBeLessThan(60);
  });

  it('agrees with the health endpoint', async () => {
    expect(await runner.health()).toMatchObject({
      httpStatus: 200,
      status: 'ok',
      gatewayStatus: 'ready',
      fault: null,
    });
  });
});
