import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { connect, type HqClient } from '../client/index.ts';
import {
  type Change,
  type ChangeBinding,
  type ChangesState,
  type Watch,
  watchChanges,
} from './watch-changes.ts';

let stack: TestStack;
let client: HqClient;
const watches: Watch[] = [];

beforeAll(async () => {
  stack = await startTestStack();
  const member = await stack.createMember('viewer');
  client = connect({ url: stack.url, anonKey: stack.anonKey });
  await client.signIn(member.email, member.password);
});
afterAll(async () => {
  await client.close();
  await stack.close();
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.close()));
  await stack.database.query('delete from agents');
});

interface Log {
  readonly changes: Change[];
  readonly states: ChangesState[];
  readonly watch: Watch;
}

function listen(bindings: readonly ChangeBinding[], through = client): Log {
  const changes: Change[] = [];
  const states: ChangesState[] = [];
  const watch = watchChanges(through.supabase, {
    bindings,
    onChange: (change) => changes.push(change),
    onState: (state) => states.push(state),
  });
  watches.push(watch);
  return { changes, states, watch };
}

const joined = (log: Log): Promise<unknown> => eventually(() => expect(log.watch.state()).toBe('joined'));

describe('a watch over changes', () => {
  it('delivers the changes of its bindings and no other', async () => {
    const log = listen([
      { table: 'agents', event: 'INSERT', filter: 'slug=eq.wanted' },
      { table: 'gateways', event: 'UPDATE' },
    ]);
    await joined(log);
    await stack.database.addAgent('unwanted', null);
    await stack.database.addAgent('wanted', null);
    await stack.database.query("update agents set name = 'Other' where slug = 'wanted'");
    await stack.database.query("update gateways set label = 'Changed'");
    await eventually(() => expect(log.changes).toHaveLength(2));
    expect(log.changes.map(({ table, type, row }) => [table, type, row.slug])).toEqual([
      ['agents', 'INSERT', 'wanted'],
      ['gateways', 'UPDATE', 'default'],
    ]);
  });

  it('delivers the key of a deleted row', async () => {
    const id = await stack.database.addAgent('gone-soon', null);
    const log = listen([{ table: 'agents', event: 'DELETE' }]);
    await joined(log);
    await stack.database.query('delete from agents where id = $1', [id]);
    await eventually(() => expect(log.changes.map(({ old }) => old.id)).toContain(id));
  });

  it('reports every loss and every return of the channel', async () => {
    const log = listen([{ table: 'agents', event: 'INSERT' }]);
    await joined(log);
    for (let round = 0; round < 3; round += 1) {
      await stack.stopApi();
      await eventually(() => expect(log.watch.state()).toBe('lost'));
      await stack.startApi();
      await joined(log);
    }
    await stack.database.addAgent('after-all', null);
    await eventually(() => expect(log.changes.map(({ row }) => row.slug)).toEqual(['after-all']));
    expect(log.states.filter((state) => state === 'lost').length).toBeGreaterThanOrEqual(3);
  });

  it('joins again on demand', async () => {
    const log = listen([{ table: 'agents', event: 'INSERT' }]);
    await joined(log);
    log.watch.rejoin();
    expect(log.watch.state()).toBe('lost');
    await joined(log);
    await stack.database.addAgent('seen-once', null);
    await eventually(() => expect(log.changes).not.toHaveLength(0));
    await delay(100);
    expect(log.changes).toHaveLength(1);
  });

  it('is silent after its end, also before it has joined', async () => {
    const early = listen([{ table: 'agents', event: 'INSERT' }]);
    await early.watch.close();
    const late = listen([{ table: 'agents', event: 'INSERT' }]);
    await joined(late);
    await late.watch.close();
    const states = [...late.states];
    await stack.database.addAgent('unseen', null);
    await delay(300);
    expect(early).toMatchObject({ changes: [], states: [] });
    expect(late.changes).toEqual([]);
    expect(late.states).toEqual(states);
  });

  it('is lost, and does not throw, if Realtime refuses the key', async () => {
    const stranger = connect({ url: stack.url, anonKey: 'sb_publishable_nobody' });
    const log = listen([{ table: 'agents' }], stranger);
    await eventually(() => expect(log.states).toContain('lost'));
    expect(log.states).not.toContain('joined');
    await stranger.close();
  });

  it('is lost if the table is not published', async () => {
    const log = listen([{ table: 'tenants' }]);
    await eventually(() => expect(log.states).toContain('lost'));
  });
});
