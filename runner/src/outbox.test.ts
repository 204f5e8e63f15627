import { createRedactor } from '@hq/shared/text';
import { describe, expect, it } from 'vitest';
import type { CommandResult } from './exchange.ts';
import { handlers } from './handlers/index.ts';
import { LeasedCommand } from './leased-command.ts';
import { Outbox } from './outbox.ts';
import { noAgents, noDispatcher, noServices } from './testing/no-services.ts';

function leasedCommand(token: string, action = 'ping'): LeasedCommand {
  return new LeasedCommand({
    command: {
      id: `id-${token}`,
      action,
      payload: {},
      agent_id: null,
      agent_slug: null,
      attempt: 1,
      lease_token: token,
      lease_seconds: 60,
      timeout_seconds: 10,
      created_at: '2026-11-22T12:00:00Z',
      requested_by: null,
      origin: null,
    },
    handlers,
    redactor: createRedactor([]),
    commandTimeout: 60,
    context: {
      runnerId: 'runner',
      stack: noServices,
      setPaused: () => Promise.resolve(),
      agents: noAgents,
      dispatcher: noDispatcher,
      openSecret: () => Promise.reject(new Error('no secrets')),
    },
    onOutput: () => undefined,
    onInvalidResult: (warning) => {
      throw new Error(warning);
    },
  });
}

async function finished(
  token: string,
  output = '',
): Promise<{ leased: LeasedCommand; result: CommandResult }> {
  const leased = leasedCommand(token);
  if (output !== '') leased.output.line(output);
  const result = await leased.run();
  if (result === null) throw new Error('the command has no result');
  return { leased, result };
}

describe('an outbox', () => {
  it('sends a result with or after the last of its output', async () => {
    const outbox = new Outbox();
    const { leased, result } = await finished('a', 'x'.repeat(100).concat('\n').repeat(3_000));
    outbox.add(leased, result);
    const sent: number[] = [];
    let exchanges = 0;
    while (outbox.hasResults) {
      const batch = outbox.takeBatch([]);
      for (const { chunks } of batch.chunks) sent.push(...chunks.map((chunk) => chunk.seq));
      if (batch.finished.length > 0) expect(leased.output.take(1_000).length).toBeLessThanOrEqual(64);
      outbox.onAccepted(batch);
      exchanges += 1;
      expect(exchanges).toBeLessThan(10);
    }
    expect(sent).toEqual(sent.map((_, index) => index));
    expect(leased.output.isWaiting).toBe(false);
  });

  it('sends an unaccepted batch again unchanged', async () => {
    const outbox = new Outbox();
    const { leased, result } = await finished('a', 'hello');
    outbox.add(leased, result);
    const first = outbox.takeBatch([]);
    expect(outbox.takeBatch([])).toEqual(first);
    outbox.onAccepted(first);
    expect(outbox.hasResults).toBe(false);
  });

  it('replaces the one result that the database refuses by a failure that says so', async () => {
    const outbox = new Outbox();
    for (const token of ['a', 'poison', 'b']) {
      const { leased, result } = await finished(token);
      outbox.add(leased, result);
    }
    const accepted: CommandResult[] = [];
    for (let round = 0; round < 10 && outbox.hasResults; round += 1) {
      const batch = outbox.takeBatch([]);
      const isRefused = batch.finished.some(
        ({ result }) => result.token === 'poison' && result.status === 'done',
      );
      if (isRefused) expect(outbox.onRefused(batch, 'no')).toEqual([]);
      else {
        accepted.push(...batch.finished.map(({ result }) => result));
        outbox.onAccepted(batch);
      }
    }
    expect(accepted.map(({ token, status }) => `${token} ${status}`)).toEqual([
      'a done',
      'poison failed',
      'b done',
    ]);
    expect(accepted[1]?.error_message).toBe('the result could not be stored: no');
  });

  it('drops a result whose bare failure is refused too, and returns it', async () => {
    const outbox = new Outbox();
    const { leased, result } = await finished('a');
    outbox.add(leased, result);
    expect(outbox.onRefused(outbox.takeBatch([]), 'no')).toEqual([]);
    expect(outbox.onRefused(outbox.takeBatch([]), 'no')).toEqual([]);
    expect(outbox.onRefused(outbox.takeBatch([]), 'no')).toMatchObject([{ token: 'a' }]);
    expect(outbox.hasResults).toBe(false);
  });
});

describe('a command', () => {
  it('of an action that this runner does not know fails and says so', async () => {
    const result = await leasedCommand('a', 'make_coffee').run();
    expect(result).toMatchObject({ status: 'failed', exit_code: 1 });
    expect(result?.error_message).toMatch(
      /^This runner does not know the action "make_coffee"\. Update the runner/,
    );
  });

  it('whose lease was lost has no result', async () => {
    const leased = leasedCommand('a', 'stack_status');
    leased.stop('lost');
    expect(await leased.run()).toBeNull();
  });
});
