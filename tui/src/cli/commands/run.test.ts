import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type StackMember, startTestStack, type TestStack } from '../../../../local/testing/stack.ts';
import { type CallResult, call } from '../../../testing/call.ts';

// An action that the database executes on a gateway: the catalogue has none yet.
vi.mock('../../../../shared/src/actions/catalogue.ts', async (original) => {
  const { z } = await import('zod');
  const real = await original<typeof import('../../../../shared/src/actions/catalogue.ts')>();
  const noteGateway = {
    ...real.catalogue.create_task,
    title: 'Note a gateway',
    target: 'gateway',
    payload: z.strictObject({}),
    result: z.object({ found: z.boolean() }),
    describe: () => 'noted',
  };
  return {
    ...real,
    catalogue: { ...real.catalogue, note_gateway: noteGateway },
    actionNames: [...real.actionNames, 'note_gateway'],
    isActionName: (name: string) => name === 'note_gateway' || real.isActionName(name),
  };
});

let stack: TestStack;
let operator: StackMember;
let home: string;

beforeAll(async () => {
  stack = await startTestStack();
  operator = await stack.createMember('operator');
  home = await mkdtemp(join(tmpdir(), 'hq-run-'));
  await stack.database.query(`
    alter type command_action add value if not exists 'note_gateway';
    insert into hq.actions select (jsonb_populate_record(a,
      '{"name": "note_gateway", "target": "gateway", "payload_schema": {}}')).* from hq.actions a where name = 'create_task';
    create function hq.do_note_gateway(p_command agent_commands) returns jsonb language plpgsql as $$
    begin
      update public.gateways g set meta = g.meta || '{"noted": true}' where g.id = p_command.gateway_id;
      return jsonb_build_object('found', found);
    end $$;
  `);
});
afterAll(async () => {
  await stack.close();
  await rm(home, { recursive: true });
});

const run = (...args: string[]): Promise<CallResult> =>
  call(['run', ...args], {
    env: {
      HOME: home,
      XDG_STATE_HOME: join(home, 'state'),
      XDG_DATA_HOME: join(home, 'data'),
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_EMAIL: operator.email,
      HQ_PASSWORD: operator.password,
    },
  });

it('uses the only gateway without --gateway', async () => {
  expect(await run('note_gateway')).toEqual({ code: 0, stdout: 'noted\n', stderr: '' });
});

it('prints a list as one line for each entry', async () => {
  await stack.database.query(`
    insert into agents (tenant_id, gateway_id, slug, name) select tenant_id, id, 'lister', 'Lister' from gateways limit 1`);
  for (const name of ['Evening', 'Morning']) {
    const made = await run(
      'create_routine',
      '--set',
      `name=${name}`,
      '--set',
      'agent=lister',
      '--set',
      'event=task_done',
    );
    expect(made).toMatchObject({ code: 0, stderr: '' });
  }
  expect(await run('list_routines')).toEqual({
    code: 0,
    stdout: 'Evening of lister: after task done\nMorning of lister: after task done\n',
    stderr: '',
  });
});

it.each(['note_gateway', 'ping'])(
  'ends %s with 2 and names the field when there are several gateways',
  async (action) => {
    const other = await stack.database.addGateway('other');
    const { code, stdout, stderr } = await run(action);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^hq-tui: gateway: .*several/);
    expect((await run(action, '--gateway', 'other')).code).toBe(0);
    await stack.database.behindTheGuard('delete from public.agent_commands');
    await stack.database.query('delete from gateways where id = $1', [other]);
  },
);
