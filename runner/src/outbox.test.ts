import { createRedactor } from '@hq/shared/text';
import { describe, expect, it } from 'vitest';
import type { CommandResult } from './exchange.ts';
import { handlers } from './handlers/index.ts';
import { LeasedCommand } from './leased-command.ts';
import { Outbox } from './outbox.ts';
import { noServices } from './testing/no-services.ts';

function hold(token: string, action = 'ping'): LeasedCommand {
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
      openSecret: () => Promise.reject(new Error('there are no secrets here')),
    },
    onOutput: () => undefined,
  });
}

async function finished(token: string, output = ''): Promise<{ held: LeasedCommand; result: CommandResult }> {
  const held = hold(token);
  if (output !== '') held.output.line(output);
  const result = await held.run();
  if (result === null) throw new Error('the command gave nothing');
  return { held, result };
}

describe('an outbox', () => {
  it('sends a result no sooner than the last of its output', async () => {
    const outbox = new Outbox();
    const { held, result } = await finished('a', 'x'.repeat(100).concat('\n').repeat(3_000));
    outbox.add(held, result);
    const sent: number[] = [];
    let turns = 0;
    while (outbox.hasResults) {
      const parcel = outbox.takeBatch([]);
      for (const { chunks } of parcel.chunks) sent.push(...chunks.map((chunk) => chunk.seq));
      if (parcel.finished.length > 0) expect(held.output.take(1_000).length).toBeLessThanOrEqual(64);
      outbox.onAccepted(parcel);
      turns += 1;
      expect(turns).toBeLessThan(10);
    }
    expect(sent).toEqual(sent.map((_, index) => index));
    expect(held.output.isWaiting).toBe(false);
  });

  it('keeps what was not accepted, and sends it again as it was', async () => {
    const outbox = new Outbox();
    const { held, result } = await finished('a', 'hello');
    outbox.add(held, result);
    const first = outbox.takeBatch([]);
    expect(outbox.takeBatch([])).toEqual(first);
    outbox.onAccepted(first);
    expect(outbox.hasResults).toBe(false);
  });

  it('finds the one result that the database refuses, and replaces it by a failure that says so', async () => {
    const outbox = new Outbox();
    for (const token of ['a', 'poison', 'b']) {
      const { held, result } = await finished(token);
      outbox.add(held, result);
    }
    const accepted: CommandResult[] = [];
    for (let turn = 0; turn < 10 && outbox.hasResults; turn += 1) {
      const parcel = outbox.takeBatch([]);
      const isRefused = parcel.finished.some(
        ({ result }) => result.token === 'poison' && result.status === 'done',
      );
      if (isRefused) expect(outbox.onRefused(parcel, 'no')).toEqual([]);
      else {
        accepted.push(...parcel.finished.map(({ result }) => result));
        outbox.onAccepted(parcel);
      }
    }
    expect(accepted.map(({ token, status }) => `${token} ${status}`)).toEqual([
      'a done',
      'poison failed',
      'b done',
    ]);
    expect(accepted[1]?.error_message).toBe('the result could not be stored: no');
  });

  it('gives up a result whose failure is refused too, and says which', async () => {
    const outbox = new Outbox();
    const { held, result } = await finished('a');
    outbox.add(held, result);
    expect(outbox.onRefused(outbox.takeBatch([]), 'no')).toEqual([]);
    expect(outbox.onRefused(outbox.takeBatch([]), 'no')).toEqual([]);
    expect(outbox.onRefused(outbox.takeBatch([]), 'no')).toMatchObject([{ token: 'a' }]);
    expect(outbox.hasResults).toBe(false);
  });
});

describe('a command', () => {
  it('of an action that this runner does not know fails and says so', async () => {
    const result = await hold('a', 'make_coffee').run();
    expect(result).toMatchObject({ status: 'failed', exit_code: 1 });
    expect(result?.error_message).toMatch(
      /^This runner does not know the action "make_coffee"\. Update the runner/,
    );
  });

  it('whose lease was lost has no result', async () => {
    const held = hold('a', 'stack_status');
    held.stop('lost');
    expect(await held.run()).toBeNull();
  });
});
