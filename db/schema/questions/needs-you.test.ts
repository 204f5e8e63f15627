import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentCall, asAgent } from '../../testing/agent-call.ts';
import { type Caller, cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let maya: string;
let call: AgentCall;
beforeAll(async () => {
  database = await cloneDatabase();
  maya = await database.addAgent('maya', await database.addGateway('attic'));
  call = await asAgent(database, maya);
});
afterAll(() => database.drop());

interface Need {
  readonly kind: string;
  readonly actions: readonly { readonly action: string; readonly allowed: boolean }[];
}
const needs = async (who: Caller) =>
  (await database.as<{ needs: Need[] }>(who, `select needs_you() as needs`))[0]?.needs ?? [];

test('lists everything that waits for a person, the oldest first, with what this person may do', async () => {
  await call('ask', { question: 'Go on?', choices: ['yes', 'no'], free_text: false });
  const [task] = await database.query(
    `insert into tasks (title, assignee_agent_id) values ('Write', $1) returning id`,
    [maya],
  );
  await call('submit_deliverable', { task: task?.id, label: 'The report', url: 'https://example.org/r' });
  await call('pairing_requested', {
    channel: 'telegram',
    account: 'maya',
    sender: '1',
    sender_name: 'Sam',
    code: 'AB12',
  });
  await database.query(
    `update agent_inbox_items set status = 'dead_letter', failed_at = clock_timestamp() where task_id = $1`,
    [task?.id],
  );
  await database.query(
    `insert into agent_budgets (agent_id, monthly_limit_usd, current_period_spend_usd, updated_at) values ($1, 1, 2, clock_timestamp())`,
    [maya],
  );
  await call('host_refused', { host: 'pypi.org', port: 443 });

  const operator = await database.addUser({ role: 'operator' });
  const listed = await needs(operator);
  expect(listed.map(({ kind }) => kind)).toEqual([
    'question',
    'deliverable',
    'pairing',
    'dead_letter',
    'budget',
    'allow_host',
  ]);
  expect(listed[0]).toEqual({
    ...{ kind: 'question', id: expect.any(String), agent: 'maya', title: 'Go on?', detail: null },
    ...{
      since: expect.any(String),
      expires_at: expect.any(String),
      choices: ['yes', 'no'],
      free_text: false,
    },
    actions: [
      expect.objectContaining({ action: 'answer_question', title: 'Answer a question', allowed: true }),
    ],
  });
  const may = (kind: string, all: readonly Need[]) =>
    Object.fromEntries(
      all.find((need) => need.kind === kind)?.actions.map(({ action, allowed }) => [action, allowed]) ?? [],
    );
  expect(may('deliverable', listed)).toEqual({
    approve_deliverable: true,
    request_revision: true,
    reject_deliverable: true,
  });
  expect(may('allow_host', listed)).toEqual({ allow_host: false, answer_question: true });
  expect(may('budget', listed)).toEqual({ top_up_budget: false, set_budget: false });
  const admin = await database.addUser({ role: 'admin' });
  expect(may('allow_host', await needs(admin))).toEqual({ allow_host: true, answer_question: true });
  const viewer = await database.addUser({ role: 'viewer' });
  expect(may('question', await needs(viewer))).toEqual({ answer_question: false });
});

test('shows nothing of another tenant, and nothing to somebody who is no member', async () => {
  const other = await database.addTenant('other');
  expect(await needs(await database.addUser({ role: 'admin', tenant: other.id }))).toEqual([]);
  expect(await needs(await database.addUser({ role: null }))).toEqual([]);
});
