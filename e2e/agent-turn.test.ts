import type { AgentSpec } from '@hq/shared/agents';
import type { TurnLine } from '@hq/shared/gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { service } from '../db/testing/database.ts';
import { startReadyGateway } from '../gateway/src/testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  startLimitMs,
  type TestHome,
} from '../gateway/src/testing/running-gateway.ts';
import { startTestStack, type TestStack } from '../local/testing/stack.ts';
import { agentsApi } from '../runner/src/agents/agents-api.ts';

const turnLimitMs = 240_000;

let hq: TestStack;
let home: TestHome;
let gateway: RunningGateway;
let maya: AgentSpec;

beforeAll(async () => {
  hq = await startTestStack();
  home = await createHome();
  const id = await hq.database.addAgent('maya', await hq.database.addGateway('attic'));
  const [credential] = await hq.database.as<{ token: string }>(
    service,
    'select issue_agent_credential($1) as token',
    [id],
  );
  maya = {
    ...{ id, slug: 'maya', branch: 'acme/maya', name: 'Maya', description: null, emoji: null },
    ...{ model: null, thinking: null, status: 'ready', template: 'researcher', workspaceSlug: 'acme' },
    owner: { name: null, preferredName: null, timezone: null },
    channel: null,
    allowedHosts: [],
    importId: null,
    token: credential?.token ?? null,
  };
  gateway = await startReadyGateway(home, {
    HQ_REHEARSAL: '1',
    SUPABASE_URL: hq.url,
    SUPABASE_ANON_KEY: hq.anonKey,
  });
}, startLimitMs);
afterAll(async () => {
  killGateway(gateway);
  await gateway.exited;
  home.remove();
  await hq.close();
}, 60_000);

const apply = async (specs: readonly AgentSpec[]) => {
  const progress: string[] = [];
  const result = await agentsApi(home.control).apply(
    specs,
    (line) => progress.push(line.progress),
    AbortSignal.timeout(startLimitMs),
  );
  return { ...result, progress };
};

describe('an agent on hq-gateway', () => {
  it('is made by one request, and unchanged by the next', { timeout: 2 * startLimitMs }, async () => {
    const first = await apply([maya]);
    expect(first).toMatchObject({ applied: ['maya'], needCredential: [], problems: [] });
    expect(first.progress.length).toBeGreaterThan(0);
    expect(await apply([{ ...maya, token: null }])).toMatchObject({ applied: [], unchanged: ['maya'] });
    const status = await home.control.status(AbortSignal.timeout(10_000));
    expect(status.agents).toEqual(['acme-maya']);
  });

  it('works on its inbox with HQ’s tools and its own credential', { timeout: turnLimitMs }, async () => {
    const [task] = await hq.database.query<{ id: string }>(
      `insert into public.tasks (title, assignee_agent_id) values ('Write the minutes', $1) returning id`,
      [maya.id],
    );
    const lines: TurnLine[] = [];
    const result = await home.control.turn(
      { agent: 'maya', message: 'Look into your inbox.', runId: 'first', timeoutSeconds: 200 },
      (line) => lines.push(line),
      AbortSignal.timeout(turnLimitMs),
    );
    expect(result).toMatchObject({
      status: 'ok',
      tools: ['hq_inbox', 'hq_take', 'hq_comment', 'hq_submit_deliverable', 'hq_complete'],
      text: expect.stringContaining('This is a rehearsal'),
      sessionKey: 'agent:acme-maya:hq',
    });
    expect(lines).toContainEqual({ tool: { name: 'hq_complete', phase: 'end', failed: false } });
    const items = await hq.database.query('select status from public.agent_inbox_items where task_id = $1', [
      task?.id,
    ]);
    expect(items).toEqual([{ status: 'done' }]);
    const comments = await hq.database.query(
      'select actor_type, actor_agent_id, body from public.comments where entity_id = $1',
      [task?.id],
    );
    // Its own one, and the note of the deliverable.
    const comment = {
      actor_type: 'agent',
      actor_agent_id: maya.id,
      body: expect.stringContaining('This is a rehearsal'),
    };
    expect(comments).toEqual([comment, comment]);
  });

  it('gives back an item that it has taken when the gateway stops', { timeout: startLimitMs }, async () => {
    const [task] = await hq.database.query<{ id: string }>(
      `insert into public.tasks (title, assignee_agent_id) values ('Write more', $1) returning id`,
      [maya.id],
    );
    const item = () =>
      hq.database.query<{ id: string }>(
        'select id, status, attempt_count from public.agent_inbox_items where task_id = $1',
        [task?.id],
      );
    const [waiting] = await item();
    const call = 'select agent_call($1, $2, $3)';
    const params = [
      maya.token,
      'take_item',
      JSON.stringify({ item: waiting?.id, session_key: 'agent:acme-maya:hq' }),
    ];
    await hq.database.as(service, call, params);
    expect(await item()).toMatchObject([{ status: 'leased' }]);
    gateway.child.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(await item()).toMatchObject([{ status: 'pending', attempt_count: 0 }]);
  });
});
