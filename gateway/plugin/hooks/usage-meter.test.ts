import { beforeEach, expect, it } from 'vitest';
import type { OutboxEntry } from '../hq-api/outbox.ts';
import { UsageMeter } from './usage-meter.ts';

const session = 'agent:maya:one';
const call = { runId: 'run-1', sessionId: 's' };
const message = (input: number, timestamp: number) => ({
  role: 'assistant',
  provider: 'p',
  model: 'm',
  timestamp,
  usage: {
    input,
    output: 10,
    cacheRead: 5,
    cacheWrite: 0,
    totalTokens: input + 15,
    cost: { input: input / 1e6, output: 2e-5, cacheRead: 1e-6, cacheWrite: 0, total: input / 1e6 + 2.1e-5 },
  },
});
const end = (usage: object) => ({ ...call, agentId: 'maya', provider: 'p', model: 'm', usage });

let entries: OutboxEntry[];
let meter: UsageMeter;
beforeEach(() => {
  entries = [];
  meter = new UsageMeter(
    (entry) => entries.push(entry),
    () => 9_000,
  );
});

it('records each model call of a run when its answer is stored', () => {
  for (const at of [1_000, 2_000]) {
    meter.callStarted(session, call);
    meter.messageStored(session, 'maya', message(1_000, at));
  }
  expect(entries).toHaveLength(2);
  expect(entries[0]).toEqual({
    agent: 'maya',
    operation: 'record_usage',
    args: {
      run_id: 'run-1',
      session_id: 's',
      provider: 'p',
      model: 'm',
      input_tokens: 1_000,
      output_tokens: 10,
      cache_read: 5,
      cache_write: 0,
      total_tokens: 1_015,
      cost_input_usd: 0.001,
      cost_output_usd: 0.00002,
      cost_cache_read_usd: 0.000001,
      cost_cache_write_usd: 0,
      cost_total_usd: 0.001021,
      occurred_at: '1970-01-01T00:00:01.000Z',
    },
  });
});

it('adds nothing at the end of a run whose calls it has recorded', () => {
  meter.callStarted(session, call);
  meter.messageStored(session, 'maya', message(1_000, 1_000));
  meter.attemptEnded(
    end({ input: 1_000, output: 10, cacheRead: 5, cacheWrite: 0, total: 1_015, cost: { total: 0.001021 } }),
  );
  expect(entries).toHaveLength(1);
});

it('adds what the run’s total has beyond its recorded calls', () => {
  meter.callStarted(session, call);
  meter.messageStored(session, 'maya', message(1_000, 1_000));
  meter.attemptEnded(
    end({ input: 1_500, output: 30, cacheRead: 5, cacheWrite: 0, total: 1_535, cost: { total: 0.002 } }),
  );
  expect(entries[1]?.args).toMatchObject({ input_tokens: 500, output_tokens: 20, total_tokens: 520 });
  expect(entries[1]?.args).toMatchObject({
    cost_total_usd: 0.000979,
    occurred_at: '1970-01-01T00:00:09.000Z',
  });
});

it('charges the second attempt of a run in full', () => {
  const total = { input: 10, output: 0, cacheRead: 0, cacheWrite: 0, total: 10 };
  meter.attemptEnded(end(total));
  meter.attemptEnded(end(total));
  expect(entries.map(({ args }) => args.total_tokens)).toEqual([10, 10]);
});

it('leaves out messages that no model call wrote', () => {
  meter.messageStored(session, 'maya', message(1_000, 1_000));
  meter.callStarted(session, call);
  meter.messageStored(session, 'maya', { role: 'user', content: 'Hello' });
  meter.messageStored(session, 'maya', message(1_000, 2_000));
  meter.messageStored(session, 'maya', message(1_000, 2_000));
  expect(entries).toHaveLength(1);
});
