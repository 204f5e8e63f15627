import { afterAll, beforeAll, expect, it } from 'vitest';
import { service } from '../../../db/testing/database.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { type FaultProxy, startFaultProxy } from '../../../runner/src/testing/fault-proxy.ts';
import { type AgentApi, createAgentApi } from './agent-api.ts';

const path = '/rest/v1/rpc/agent_call';

let stack: TestStack;
let proxy: FaultProxy;
let api: AgentApi;
let token: string;
let task: string;
beforeAll(async () => {
  stack = await startTestStack();
  const agent = await stack.database.addAgent('maya', await stack.database.addGateway('attic'));
  const [issued] = await stack.database.as<{ token: string }>(
    service,
    'select issue_agent_credential($1) as token',
    [agent],
  );
  token = issued?.token ?? '';
  const [created] = await stack.database.query<{ id: string }>(
    `insert into public.tasks (title, assignee_agent_id) values ('Write', $1) returning id`,
    [agent],
  );
  task = created?.id ?? '';
  proxy = await startFaultProxy(stack.url);
  api = createAgentApi({ supabaseUrl: proxy.url, anonKey: stack.anonKey });
});
afterAll(async () => {
  await proxy?.close();
  await stack?.close();
});

const comments = async () =>
  (await stack.database.query('select from public.comments where entity_id = $1', [task])).length;

it('sends a read again when its answer is lost', async () => {
  proxy.dropResponses(path, 2);
  expect(await api.call(token, 'inbox', {})).toMatchObject({ items: [{ task_title: 'Write' }] });
  proxy.dropResponses(path, 3);
  await expect(api.call(token, 'inbox', {})).rejects.toMatchObject({
    code: 'unreachable',
    message: 'HQ’s database cannot be reached.',
  });
});

it('does not repeat a comment whose answer is lost, and says so', async () => {
  proxy.dropResponses(path, 1);
  const before = proxy.requests(path);
  await expect(api.call(token, 'comment', { task, body: 'Once' })).rejects.toMatchObject({
    code: 'unreachable',
    message: 'HQ’s database cannot be reached. It may have been done or not.',
    hint: 'Look with hq_task or hq_inbox before you do it again.',
  });
  expect(proxy.requests(path)).toBe(before + 1);
  expect(await comments()).toBe(1);
});

it('sends a comment again that never left this machine', async () => {
  await stack.stopApi();
  const direct = createAgentApi({ supabaseUrl: stack.url, anonKey: stack.anonKey });
  const written = direct.call(token, 'comment', { task, body: 'Twice tried' }, { attempts: 30 });
  written.catch(() => undefined);
  await stack.startApi();
  await written;
  expect(await comments()).toBe(2);
});

it('ends a call at its time limit', async () => {
  proxy.delayResponses(500);
  const late = api.call(token, 'budget', {}, { timeoutMs: 50, attempts: 1 });
  await expect(late).rejects.toMatchObject({ code: 'timed_out' });
  proxy.delayResponses(0);
});

it('stops with the turn', async () => {
  proxy.delayResponses(500);
  const call = api.call(token, 'inbox', {}, { signal: AbortSignal.timeout(50) });
  await expect(call).rejects.toMatchObject({ code: 'cancelled' });
  proxy.delayResponses(0);
});

it('turns refusals into sentences without the credential', async () => {
  await expect(api.call('f'.repeat(64), 'inbox', {})).rejects.toMatchObject({
    code: 'unauthenticated',
    message: 'HQ does not accept the credential of this agent.',
  });
  await expect(api.call(token, 'task', { task: crypto.randomUUID() })).rejects.toMatchObject({
    code: 'not_found',
    message: 'there is no such task',
  });
  const create = { title: 'Do', assignee: 'nobody' };
  await expect(api.call(token, 'create_task', create)).rejects.toMatchObject({
    code: 'not_found',
    message: 'there is no agent nobody',
  });
  const stranger = createAgentApi({ supabaseUrl: stack.url, anonKey: 'no key' });
  await expect(stranger.call(token, 'inbox', {}, { attempts: 1 })).rejects.toMatchObject({
    code: 'unreachable',
    message: 'HQ’s database does not accept the anon key of this gateway.',
  });
});
