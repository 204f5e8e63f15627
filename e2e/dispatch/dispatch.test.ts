import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { killGateway, startLimitMs } from '../../gateway/src/testing/running-gateway.ts';
import type { ModelRequest, Reply } from '../../gateway/testing/scripted-model.ts';
import { until } from '../../runner/src/testing/runner-harness.ts';
import { complete, type DispatchHarness, startDispatchHarness, take } from './harness.ts';

/** Tests what the dispatcher does with the real OpenClaw, whose model follows a script. */
const turnMs = 240_000;
const agents: Record<string, string> = {};
let harness: DispatchHarness;
let before = 0;

beforeAll(async () => {
  harness = await startDispatchHarness();
  agents.maya = await harness.addAgent('maya');
  agents.noor = await harness.addAgent('noor');
}, 2 * startLimitMs);
afterAll(() => harness?.close(), 60_000);
beforeEach(() => {
  before = harness.model.requests.length;
});

const maya = () => agents.maya ?? '';
const noor = () => agents.noor ?? '';
const requests = () => harness.model.requests.length - before;
const one = async (sql: string, values: readonly unknown[]) => (await harness.query(sql, values))[0];
const dispatchOf = (agent: string) => one('select * from hq.agent_dispatch where agent_id = $1', [agent]);
const isFree = (agent: string) =>
  until('the turn to be over', async () => (await dispatchOf(agent))?.token === null, turnMs);
const isAsked = (count: number) => until('the model to be asked', () => requests() >= count, turnMs);

/** A step that waits for a word of the test. */
function hold(reply: (request: ModelRequest) => Reply) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const step = async (request: ModelRequest) => {
    await promise;
    return reply(request);
  };
  return { step, release: resolve };
}

describe('an item of the inbox', { timeout: turnMs }, () => {
  it('wakes its agent, which completes it; what it cost is recorded', async () => {
    harness.model.play(take, complete, { text: 'The report is written.' });
    const item = await harness.assign('Write the report', maya());
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 1, failure: null });
    await isFree(maya());
    expect(requests()).toBe(3);
    expect(harness.model.requests.at(-1)?.messages.join('\n')).toContain('Write the report');
    await until('the usage', async () => {
      const usage = await one('select count(*)::int as calls from public.agent_usage where agent_id = $1', [
        maya(),
      ]);
      return usage?.calls === 3;
    });
  });

  it('uses the model that its task names, which thinks as long as the task says', async () => {
    harness.model.play(complete, { text: 'done' });
    const item = await harness.assign('Think hard', maya(), { model: 'model/thinker', thinking: 'high' });
    await harness.becomes(item, 'done');
    expect(harness.model.requests.at(-1)).toMatchObject({ model: 'thinker', effort: 'high' });
    await isFree(maya());
  });

  it('counts as failed when the turn ends without an end of the item, and is given up after three', async () => {
    harness.model.play({ text: 'I looked at it.' }, { text: 'Again.' }, { text: 'And again.' });
    const item = await harness.assign('Do nothing', maya());
    expect(await harness.becomes(item, 'dead_letter')).toMatchObject({
      attempts: 3,
      failure: expect.stringContaining('without completing'),
    });
    expect(requests()).toBe(3);
    await harness.query('update hq.agent_dispatch set failures = 0, cooldown_until = null', []);
  });

  it('ends the turn when the task is given to another agent', async () => {
    harness.model.play('silence', complete, { text: 'done' });
    const item = await harness.assign('Change hands', maya());
    await isAsked(1);
    await harness.query(
      'update public.tasks set assignee_agent_id = $2 where id = (select task_id from public.agent_inbox_items where id = $1)',
      [item, noor()],
    );
    await isFree(maya());
    const moved = await until(
      'the other item',
      async () => {
        const row = await one(
          `select id from public.agent_inbox_items where agent_id = $1 and status = 'done' and completed_at is not null`,
          [noor()],
        );
        return typeof row?.id === 'string' && row.id;
      },
      turnMs,
    );
    expect(await harness.item(moved)).toMatchObject({ attempts: 1 });
    await isFree(noor());
  });

  it('keeps its attempts when its agent is paused, and goes on after the resume', async () => {
    harness.model.play('silence', complete, { text: 'done' });
    const item = await harness.assign('Rest a little', maya());
    await isAsked(1);
    await harness.query(`update public.agents set status = 'paused' where id = $1`, [maya()]);
    await isFree(maya());
    expect(await harness.item(item)).toMatchObject({ status: 'pending', attempts: 0 });
    await harness.query(`update public.agents set status = 'ready' where id = $1`, [maya()]);
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 1 });
    await isFree(maya());
  });
});

describe('a provider that does not answer', { timeout: 2 * turnMs }, () => {
  /** Names of providers, and what the reason of the hold says. */
  const faults = {
    'refuses-401': '401',
    'refuses-429': 'rate limit',
    'refuses-500': '500',
    absent: 'network',
  };

  it('holds the agent without an attempt, and the item is done when the provider is well', async () => {
    const items = await Promise.all(
      Object.entries(faults).map(async ([provider, reason]) => {
        const agent = await harness.addAgent(provider, `${provider}/one`);
        const item = await harness.assign(`Ask ${provider}`, agent);
        // The hold may be over, and the agent in its next turn, when another one is looked at.
        const held = await until(
          `${provider} to be held`,
          () =>
            one(
              `select d.held_reason, i.status, i.attempt_count as attempts from hq.agent_dispatch d
               join public.agent_inbox_items i on i.id = $1
               where d.agent_id = i.agent_id and d.token is null and d.held_until is not null`,
              [item],
            ),
          turnMs,
        );
        expect(held).toEqual({
          held_reason: expect.stringContaining(reason),
          status: 'pending',
          attempts: 0,
        });
        return item;
      }),
    );
    harness.model.recover((request) => (request.answers.length > 0 ? { text: 'done' } : complete(request)));
    // Nobody is at the last one's address: its item is taken back.
    await harness.query('delete from public.agent_inbox_items where id = $1', [items.at(-1)]);
    for (const item of items.slice(0, -1)) {
      await until(
        'the item to be done',
        async () => {
          await harness.query('update hq.agent_dispatch set held_until = now() where held_until > now()', []);
          return (await harness.item(item)).status === 'done';
        },
        turnMs,
      );
      expect(await harness.item(item)).toMatchObject({ attempts: 1 });
    }
  });
});

describe('a turn in whose middle', { timeout: 2 * startLimitMs }, () => {
  it('the runner is killed is followed by the next one and done once', async () => {
    const held = hold(complete);
    harness.model.play(take, held.step, { text: 'done' });
    const item = await harness.assign('Outlive the runner', maya());
    await isAsked(2);
    await harness.runner().kill();
    await harness.startRunner();
    held.release();
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 1 });
    await isFree(maya());
    expect(requests()).toBe(3);
  });

  it('the runner stops goes on, and the next runner follows it at once', async () => {
    const held = hold(complete);
    harness.model.play(take, held.step, { text: 'done' });
    const item = await harness.assign('Change the runner', maya());
    await isAsked(2);
    expect(await harness.runner().stop()).toBe(0);
    await harness.startRunner();
    held.release();
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 1 });
    await isFree(maya());
    expect(requests()).toBe(3);
  });

  it('the gateway is killed is resumed by OpenClaw and done once', async () => {
    harness.model.play(take, 'silence', complete, { text: 'done' });
    const item = await harness.assign('Outlive the gateway', maya());
    await isAsked(2);
    killGateway(harness.gateway());
    await harness.gateway().exited;
    await harness.startGateway();
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 1 });
    await isFree(maya());
    expect(requests()).toBe(4);
  });

  it('the gateway stops is given back without an attempt, and done after the start', async () => {
    harness.model.play(take, 'silence', complete, { text: 'done' });
    const item = await harness.assign('Outlive an update', maya());
    await isAsked(2);
    harness.gateway().child.kill('SIGTERM');
    // It may have to kill an OpenClaw that a busy machine keeps from ending in time.
    await harness.gateway().exited;
    await harness.startGateway();
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 1 });
    await isFree(maya());
  });

  it('the database goes away is stored when it is back', async () => {
    const held = hold(() => ({ text: 'done' }));
    harness.model.play(complete, held.step);
    const item = await harness.assign('Wait for the database', maya());
    await isAsked(2);
    await harness.hq.stopApi();
    held.release();
    await until(
      'the end of the turn',
      () =>
        harness
          .runner()
          .log()
          .some(({ msg, outcome }) => msg === 'the turn ended' && outcome === 'done'),
      turnMs,
    );
    await harness.hq.startApi();
    await isFree(maya());
    expect(await harness.item(item)).toMatchObject({ status: 'done', attempts: 1 });
  });

  it('the model hangs ends at its time limit, and the next attempt has a new session', async () => {
    await harness.runner().stop();
    await harness.startRunner({ AGENT_PROCESS_TIMEOUT: '10' });
    harness.model.play('silence', complete, { text: 'done' });
    const item = await harness.assign('Hang', maya());
    await isAsked(1);
    const first = await harness.item(item);
    expect(await harness.becomes(item, 'done')).toMatchObject({ attempts: 2 });
    expect((await harness.item(item)).session).not.toBe(first.session);
  });
});
