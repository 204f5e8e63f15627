import { service } from '../../db/testing/database.ts';
import { startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { startTestGateway, type TestGateway } from './openclaw-gateway.ts';
import { type ScriptedModel, startScriptedModel } from './scripted-model.ts';

interface HarnessOptions {
  /** OpenClaw's ids of agents without a record of HQ. */
  readonly strangers?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Database, API, a model and the real gateway, whose agents have credentials. */
export interface PluginHarness {
  readonly stack: TestStack;
  readonly gateway: TestGateway;
  readonly model: ScriptedModel;
  /** Ids of the agents in the database, by slug. */
  readonly agents: Readonly<Record<string, string>>;
  /** Credentials, by slug. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Creates a task of the agent; returns its id and that of the inbox item that comes with it. */
  addTask(slug: string, title: string): Promise<{ task: string; item: string }>;
  query: TestStack['database']['query'];
  close(): Promise<void>;
}

export async function startPluginHarness(
  slugs: readonly string[],
  options: HarnessOptions = {},
): Promise<PluginHarness> {
  const stack = await startTestStack();
  const { database } = stack;
  const model = await startScriptedModel();
  const gateway = await startTestGateway({
    modelUrl: model.url,
    supabaseUrl: stack.url,
    anonKey: stack.anonKey,
    agents: [...slugs, ...(options.strangers ?? [])],
    ...(options.config !== undefined && { config: options.config }),
  });
  const gatewayId = await database.addGateway('attic');
  const agents: Record<string, string> = {};
  const tokens: Record<string, string> = {};
  for (const slug of slugs) {
    const agentId = await database.addAgent(slug, gatewayId);
    const [issued] = await database.as<{ token: string }>(
      service,
      'select issue_agent_credential($1) as token',
      [agentId],
    );
    const token = issued?.token ?? '';
    agents[slug] = agentId;
    tokens[slug] = token;
    gateway.writeRecord(slug, { agentId, slug, token });
  }
  return {
    stack,
    gateway,
    model,
    agents,
    tokens,
    addTask: async (slug, title) => {
      const [task] = await database.query<{ id: string }>(
        'insert into public.tasks (title, assignee_agent_id) values ($1, $2) returning id',
        [title, agents[slug]],
      );
      const [item] = await database.query<{ id: string }>(
        'select id from public.agent_inbox_items where task_id = $1',
        [task?.id],
      );
      return { task: task?.id ?? '', item: item?.id ?? '' };
    },
    query: (sql, values) => database.query(sql, values),
    close: async () => {
      await gateway.close();
      model.close();
      await stack.close();
    },
  };
}
