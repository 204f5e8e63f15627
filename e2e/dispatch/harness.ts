import { startReadyGateway } from '../../gateway/src/testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  type TestHome,
} from '../../gateway/src/testing/running-gateway.ts';
import {
  type ModelRequest,
  type Reply,
  type ScriptedModel,
  startScriptedModel,
} from '../../gateway/testing/scripted-model.ts';
import {
  type RunnerHarness,
  type RunningRunner,
  startRunnerHarness,
  until,
} from '../../runner/src/testing/runner-harness.ts';
import { ensureBuilt } from '../../scripts/build.ts';

interface ItemState {
  readonly [column: string]: unknown;
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly failure: string | null;
  readonly session: string | null;
}

/** Database, API, the real OpenClaw in hq-gateway, a model that follows a script, and a runner that wakes agents. */
export interface DispatchHarness {
  readonly hq: RunnerHarness;
  readonly home: TestHome;
  readonly model: ScriptedModel;
  query: RunnerHarness['stack']['database']['query'];
  /** Starts the runner; the one before must have ended. */
  startRunner(variables?: Readonly<Record<string, string>>): Promise<RunningRunner>;
  runner(): RunningRunner;
  gateway(): RunningGateway;
  startGateway(): Promise<void>;
  /** Adds an agent of a model, and waits until it is on the gateway. Returns its id. */
  addAgent(slug: string, model?: string): Promise<string>;
  /** Gives a task to an agent. Returns the id of the inbox item. */
  assign(title: string, agent: string, overrides?: { model?: string; thinking?: string }): Promise<string>;
  item(id: string): Promise<ItemState>;
  /** Waits until the item has this status. */
  becomes(id: string, status: string): Promise<ItemState>;
  close(): Promise<void>;
}

const waitMs = 150_000;

/** The item that the message of a turn names. */
const itemIn = (messages: readonly string[]): string =>
  messages.flatMap((text) => /\bitem ([0-9a-f]{8})\b/.exec(text)?.[1] ?? []).at(-1) ?? '';

/** A step that completes the item of the turn. */
export const complete = ({ messages }: ModelRequest): Reply => ({
  tool: 'hq_complete',
  args: { item: itemIn(messages), summary: 'It is written.' },
});
/** A step that takes it, which the dispatcher has done already. */
export const take = ({ messages }: ModelRequest): Reply => ({
  tool: 'hq_take',
  args: { item: itemIn(messages) },
});

export async function startDispatchHarness(): Promise<DispatchHarness> {
  // Over 60 lines: one short method after the other.
  await ensureBuilt('hq-plugin');
  const hq = await startRunnerHarness();
  const model = await startScriptedModel();
  const home = await createHome(openClawConfig(model));
  const query: DispatchHarness['query'] = (sql, values) => hq.stack.database.query(sql, values);
  let gateway: RunningGateway;
  let runner: RunningRunner;
  const variables = { SUPABASE_URL: hq.stack.url, SUPABASE_ANON_KEY: hq.stack.anonKey, TURN_GRACE: '1' };
  // On a machine that is busy OpenClaw may give up its start after five seconds: it is started again, as by a runner.
  const startIt = async (attempts = 3): Promise<void> => {
    try {
      gateway = await startReadyGateway(home, variables);
    } catch (error) {
      if (attempts <= 1) throw error;
      await startIt(attempts - 1);
    }
  };
  await startIt();
  const startRunner: DispatchHarness['startRunner'] = async (variables = {}) => {
    runner = await hq.startRunner({
      CONTROL_SOCKET: home.file('hq', 'control.sock'),
      POLL_INTERVAL: '2',
      DISPATCH_LEASE_SECONDS: '6',
      MAX_CONCURRENT_WAKES: '4',
      ...variables,
    });
    return runner;
  };
  await startRunner();

  const item: DispatchHarness['item'] = async (id) => {
    const [row] = await query<ItemState>(
      `select id, status::text, attempt_count as attempts, context ->> 'last_failure' as failure, lease_session as session
       from public.agent_inbox_items where id = $1`,
      [id],
    );
    if (row === undefined) throw new Error(`there is no item ${id}`);
    return row;
  };

  return {
    hq,
    home,
    model,
    query,
    startRunner,
    startGateway: () => startIt(),
    runner: () => runner,
    gateway: () => gateway,
    addAgent: async (slug, modelName = 'model/one') => {
      const id = await hq.stack.database.addAgent(slug, hq.gateway);
      await query('update public.agents set model = $2 where id = $1', [id, modelName]);
      await until(
        `${slug} to be on the gateway`,
        async () => {
          const [agent] = await query('select openclaw_id from public.agents where id = $1', [id]);
          return typeof agent?.openclaw_id === 'string';
        },
        waitMs,
      );
      return id;
    },
    assign: async (title, agent, overrides = {}) => {
      const [task] = await query<{ id: string }>(
        `insert into public.tasks (title, assignee_agent_id, model_override, thinking_override)
         values ($1, $2, $3, $4) returning id`,
        [title, agent, overrides.model ?? null, overrides.thinking ?? null],
      );
      const [made] = await query<{ id: string }>(
        'select id from public.agent_inbox_items where task_id = $1 and agent_id = $2',
        [task?.id, agent],
      );
      if (made === undefined) throw new Error('the task made no item');
      return made.id;
    },
    item,
    becomes: (id, status) =>
      until(
        `the item to be ${status}`,
        async () => {
          const state = await item(id);
          return state.status === status && state;
        },
        waitMs,
      ).catch(async (error: unknown) => {
        const lines = runner.rawLog().split('\n').slice(-25).join('\n');
        throw new Error(`${String(error)}; it is ${JSON.stringify(await item(id))}; the runner: ${lines}`);
      }),
    close: async () => {
      await hq.close();
      killGateway(gateway);
      await gateway.exited;
      model.close();
      home.remove();
    },
  };
}

function openClawConfig(model: ScriptedModel): object {
  const named = (id: string, reasoning = false) => ({
    ...{ id, name: id, reasoning, input: ['text'], contextWindow: 200_000, maxTokens: 8_192 },
    ...(reasoning ? { compat: { supportsReasoningEffort: true } } : {}),
    // Dollars for a million tokens.
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
  });
  const provider = (baseUrl: string) => ({
    ...{ baseUrl, apiKey: 'none', api: 'openai-completions' },
    models: [named('one'), named('thinker', true)],
  });
  return {
    models: {
      providers: {
        model: provider(model.url),
        // Each has a key of its own: OpenClaw rests a key that was refused.
        ...Object.fromEntries(
          [401, 429, 500].map((status) => [`refuses-${status}`, provider(model.refusingUrl(status))]),
        ),
        absent: provider('http://127.0.0.1:9/v1'),
      },
    },
    agents: { defaults: { model: { primary: 'model/one' } } },
    tools: { toolSearch: false },
  };
}
