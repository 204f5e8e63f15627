import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { TurnResult } from '@hq/shared/gateway';
import { service } from '../../../db/testing/database.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { ensureBuilt } from '../../../scripts/build.ts';
import { type ChatReply, startModelServer } from '../../src/rehearsal/model-server.ts';
import { startReadyGateway } from '../../src/testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  type TestHome,
} from '../../src/testing/running-gateway.ts';

/** Answer of the model to one request; with `silence` there is none. */
export type Step = ChatReply | 'silence';

interface ModelRequest {
  readonly tools: readonly string[];
  /** Answers of the tools in this session, in order. */
  readonly answers: readonly string[];
}

/** A turn that runs. */
interface BegunTurn {
  readonly runId: string;
  /** Rejects when the gateway is killed. */
  readonly ended: Promise<TurnResult>;
}

/** Database, API, hq-gateway with the real OpenClaw and agents with credentials, and a model that follows a script. */
export interface PluginHarness {
  readonly stack: TestStack;
  readonly home: TestHome;
  /** Every request to the model. */
  readonly requests: readonly ModelRequest[];
  /** Ids of the agents in the database, and their credentials, by slug. */
  readonly agents: Readonly<Record<string, { readonly id: string; readonly token: string }>>;
  query: TestStack['database']['query'];
  /** Creates a task of the agent; returns its id and that of the inbox item that comes with it. */
  addTask(slug: string, title: string): Promise<{ task: string; item: string }>;
  /** Begins a turn in a new session, in which the model takes these steps and then ends. */
  begin(agent: string, ...steps: readonly Step[]): BegunTurn;
  /** Runs such a turn to its end. */
  turn(agent: string, ...steps: readonly Step[]): Promise<TurnResult>;
  /** Calls a method of OpenClaw. */
  call(method: string): Promise<unknown>;
  /** Everything that hq-gateway and OpenClaw have written to their output. */
  output(): string;
  killAndStart(): Promise<void>;
  close(): Promise<void>;
}

const turnMs = 300_000;

/** `strangers` are agents that HQ does not manage, `config` further settings of OpenClaw. */
export async function startPluginHarness(
  slugs: readonly string[],
  strangers: readonly string[] = [],
  config: object = {},
): Promise<PluginHarness> {
  // Over 60 lines: one short method after the other.
  await ensureBuilt('hq-plugin');
  const stack = await startTestStack();
  const requests: ModelRequest[] = [];
  let script: Step[] = [];
  const model = await startModelServer(({ messages, tools }) => {
    const answers = messages.filter(({ role }) => role === 'tool').map(({ text }) => text);
    requests.push({ tools, answers });
    const step = script.shift() ?? { text: 'done' };
    return step === 'silence' ? new Promise(() => undefined) : step;
  });
  const home = await createHome({ ...openClawConfig(model.url, [...slugs, ...strangers]), ...config });
  const agents = await addAgents(stack, home, slugs);
  const environment = { SUPABASE_URL: stack.url, SUPABASE_ANON_KEY: stack.anonKey };
  let output = '';
  let gateway: RunningGateway;
  const start = async () => {
    gateway = await startReadyGateway(home, environment);
  };
  const stop = async () => {
    killGateway(gateway);
    await gateway.exited;
    output += gateway.output();
  };
  await start();

  const begin: PluginHarness['begin'] = (agent, ...steps) => {
    script = [...steps];
    const runId = randomUUID();
    const sessionKey = `agent:${agent}:${runId}`;
    const request = { agent, message: 'Work.', runId, sessionKey, timeoutSeconds: 290 };
    const ended = home.control.turn(request, () => undefined, AbortSignal.timeout(turnMs));
    return { runId, ended };
  };

  return {
    stack,
    home,
    requests,
    agents,
    query: (sql, values) => stack.database.query(sql, values),
    addTask: async (slug, title) => {
      const [task] = await stack.database.query<{ id: string }>(
        'insert into public.tasks (title, assignee_agent_id) values ($1, $2) returning id',
        [title, agents[slug]?.id],
      );
      const [item] = await stack.database.query<{ id: string }>(
        'select id from public.agent_inbox_items where task_id = $1',
        [task?.id],
      );
      return { task: task?.id ?? '', item: item?.id ?? '' };
    },
    begin,
    turn: (agent, ...steps) => begin(agent, ...steps).ended,
    call: async (method) => {
      const [answer] = await home.control.calls([{ method, params: {} }], AbortSignal.timeout(30_000));
      if (answer?.ok !== true) throw new Error(`${method}: ${answer?.message}`);
      return answer.payload;
    },
    output: () => output + gateway.output(),
    killAndStart: async () => {
      await stop();
      await start();
    },
    close: async () => {
      await stop();
      model.close();
      await stack.close();
      home.remove();
    },
  };
}

async function addAgents(stack: TestStack, home: TestHome, slugs: readonly string[]) {
  const agents: Record<string, { id: string; token: string }> = {};
  const gateway = await stack.database.addGateway('attic');
  mkdirSync(home.file('hq', 'agents'), { recursive: true, mode: 0o700 });
  for (const slug of slugs) {
    const id = await stack.database.addAgent(slug, gateway);
    const [issued] = await stack.database.as<{ token: string }>(
      service,
      'select issue_agent_credential($1) as token',
      [id],
    );
    const token = issued?.token ?? '';
    const record = { agentId: id, slug, branch: slug, token, allowedHosts: [] };
    writeFileSync(home.file('hq', 'agents', `${slug}.json`), JSON.stringify(record), { mode: 0o600 });
    agents[slug] = { id, token };
  }
  return agents;
}

function openClawConfig(modelUrl: string, ids: readonly string[]): object {
  const model = {
    id: 'one',
    name: 'One',
    reasoning: false,
    input: ['text'],
    // Dollars for a million tokens.
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 200_000,
    maxTokens: 8_192,
  };
  return {
    logging: { file: `${'$'}{OPENCLAW_STATE_DIR}/gateway.log`, level: 'info' },
    models: {
      providers: {
        model: { baseUrl: modelUrl, apiKey: 'none', api: 'openai-completions', models: [model] },
      },
    },
    agents: {
      defaults: { model: { primary: 'model/one' }, maxConcurrent: 50 },
      entries: Object.fromEntries(ids.map((id) => [id, { name: id }])),
    },
  };
}
