import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunnerHarness, startRunnerHarness, until } from './testing/runner-harness.ts';

let harness: RunnerHarness;
beforeAll(async () => {
  harness = await startRunnerHarness();
});
afterAll(() => harness?.close());

const kills = 200;
const lease = { LEASE_SECONDS: '1', RESTART_SECONDS: '0.15' };

/** The same numbers at every run, so that a failure can be looked at again. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state / 2_147_483_648;
  }
}

describe('a killed runner', () => {
  it(`${kills} times, before, during and after its handlers, leaves no row stuck, run twice or overwritten`, async () => {
    const random = numbers(20_261_122);
    const chance = () => random.next().value;
    // These actions must not run twice; their handlers are the same.
    await harness.stack.database.behindTheGuard(
      `update hq.actions set retry = 'never' where name = 'restart_dispatcher'`,
    );
    const enqueued: { id: string; action: string }[] = [];
    const enqueue = async () => {
      const action = chance() < 0.5 ? 'restart_gateway' : chance() < 0.5 ? 'restart_dispatcher' : 'tail_logs';
      const payload = action === 'tail_logs' ? { service: 'seconds_0', lines: 1 } : {};
      enqueued.push({ id: await harness.enqueue(action, payload), action });
    };
    const results = new Map<string, string>();
    const checkFinished = async () => {
      for (const command of await harness.commands()) {
        if (!['done', 'failed', 'cancelled'].includes(command.status)) continue;
        const text = JSON.stringify(command);
        expect(results.get(command.id) ?? text).toBe(text);
        results.set(command.id, text);
      }
    };

    for (let kill = 0; kill < kills; kill += 1) {
      const runner = await harness.startRunner(lease);
      await enqueue();
      if (chance() < 0.5) await enqueue();
      await sleep(chance() * 500);
      await runner.kill();
      if (kill % 10 === 0) await checkFinished();
    }
    const last = await harness.startRunner(lease);
    await until(
      'every command to end',
      async () => (await harness.commands()).every((command) => ['done', 'failed'].includes(command.status)),
      300_000,
    );
    await checkFinished();
    await last.stop();

    const begins = Map.groupBy(
      harness.journal().filter((entry) => entry.what === 'began'),
      (entry) => entry.commandId,
    );
    const byId = new Map((await harness.commands()).map((command) => [command.id, command]));
    let killedInside = 0;
    for (const { id, action } of enqueued) {
      const begun = begins.get(id) ?? [];
      const attempts = begun.map((entry) => entry.attempt);
      const command = byId.get(id);
      // One start at most of each attempt, and in order.
      expect(attempts).toEqual([...new Set(attempts)].sort((one, other) => one - other));
      if (action === 'restart_dispatcher') expect(begun.length).toBeLessThanOrEqual(1);
      if (command?.status === 'done') {
        const winner = harness
          .journal()
          .find(
            (entry) => entry.what === 'ended' && entry.commandId === id && entry.attempt === command.attempt,
          );
        expect(winner?.runner).toBe(command.runner_id);
      } else {
        expect(command?.error_message).toContain('the runner died');
        expect(action === 'restart_dispatcher' || command?.attempt === 3).toBe(true);
      }
      if (begun.length > 1 || command?.status === 'failed') killedInside += 1;
    }
    // The kills must have hit running handlers.
    expect(killedInside).toBeGreaterThan(20);
    expect([...byId.values()].filter((command) => command.status === 'done').length).toBeGreaterThan(50);
  });
});

describe('a database that is unreachable for a minute', () => {
  it('gets the results afterwards, and waiting commands start within 3 s', async () => {
    const own = await startRunnerHarness();
    try {
      await own.startRunner();
      const held = await own.enqueue('tail_logs', { service: 'seconds_20' });
      await until('it to begin', () => own.journal().length > 0);
      await own.stopApi();
      const waiting = await own.enqueue('tail_logs', { service: 'lines', lines: 1 });
      await sleep(60_000);
      await own.startApi();
      const backAt = Date.now();
      expect((await own.ended(waiting)).status).toBe('done');
      const start = own.journal().find((entry) => entry.commandId === waiting);
      expect((start?.at ?? Number.NaN) - backAt).toBeLessThan(3_000);
      expect(await own.command(held)).toMatchObject({ status: 'done', attempt: 1 });
    } finally {
      await own.close();
    }
  });
});
