import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { service } from '../../../db/testing/database.ts';
import { eventually } from '../../../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { agentRecords } from '../agent-records.ts';
import { createAgentApi } from './agent-api.ts';
import { Outbox, type OutboxEntry } from './outbox.ts';
import { OutboxSender } from './outbox-sender.ts';

let stack: TestStack;
let state: string;
let outbox: Outbox;
let sender: OutboxSender | undefined;
let warnings: string[];
const tokens: Record<string, string> = {};

const writeRecord = (slug: string, token: string) =>
  writeFileSync(
    join(state, 'hq', 'agents', `${slug}.json`),
    JSON.stringify({ agentId: crypto.randomUUID(), slug, token }),
  );
const usage = (agent: string, runId: string, more: object = {}): OutboxEntry => ({
  agent,
  operation: 'record_usage',
  args: {
    ...{ run_id: runId, provider: 'p', model: 'm', total_tokens: 1, occurred_at: '2026-11-30T12:00:00Z' },
    ...more,
  },
});
const startSending = () => {
  const log = { info: () => undefined, warn: (sentence: string) => warnings.push(sentence) };
  const api = createAgentApi({ supabaseUrl: stack.url, anonKey: stack.anonKey });
  sender = new OutboxSender({ outbox, api, records: agentRecords(state, () => undefined), log });
};
const recorded = async () =>
  (
    await stack.database.query<{ run_id: string }>(
      'select run_id from public.agent_usage order by created_at',
    )
  ).map(({ run_id }) => run_id);

beforeAll(async () => {
  stack = await startTestStack();
  const gateway = await stack.database.addGateway('attic');
  for (const slug of ['maya', 'noor']) {
    const agent = await stack.database.addAgent(slug, gateway);
    const [issued] = await stack.database.as<{ token: string }>(
      service,
      'select issue_agent_credential($1) as token',
      [agent],
    );
    tokens[slug] = issued?.token ?? '';
  }
});
beforeEach(async () => {
  warnings = [];
  state = mkdtempSync(join(tmpdir(), 'hq-outbox-'));
  await mkdir(join(state, 'hq', 'agents'), { recursive: true });
  for (const [slug, token] of Object.entries(tokens)) writeRecord(slug, token);
  outbox = new Outbox(state);
  await stack.database.behindTheGuard('delete from public.agent_usage');
});
afterEach(async () => {
  await sender?.close();
  rmSync(state, { recursive: true });
});
afterAll(() => stack.close());

it('keeps each entry in a private file, and sends them in order', async () => {
  for (const run of ['1', '2', '3']) outbox.add(usage('maya', run));
  const directory = join(state, 'hq', 'outbox');
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  for (const name of outbox.names()) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  startSending();
  await eventually(() => expect(outbox.names()).toEqual([]));
  expect(await recorded()).toEqual(['1', '2', '3']);
});

it('sends what another instance of the plugin adds', async () => {
  startSending();
  new Outbox(state).add(usage('maya', 'other'));
  await eventually(async () => expect(await recorded()).toEqual(['other']));
});

it('waits while the database is away, and records an entry once that was sent before', async () => {
  await stack.stopApi();
  startSending();
  outbox.add(usage('maya', 'late'));
  outbox.add(usage('maya', 'late'));
  await eventually(() => expect(warnings).toEqual(['The outbox waits: HQ’s database cannot be reached.']));
  expect(outbox.names()).toHaveLength(2);
  await stack.startApi();
  await eventually(() => expect(outbox.names()).toEqual([]));
  expect(await recorded()).toEqual(['late']);
});

it('holds entries of an agent without a valid credential, and sends those of others', async () => {
  writeRecord('maya', 'f'.repeat(64));
  outbox.add(usage('maya', 'held'));
  outbox.add(usage('noor', 'sent'));
  startSending();
  await eventually(() => expect(outbox.names()).toHaveLength(1));
  expect(await recorded()).toEqual(['sent']);
  await sender?.close();
  writeRecord('maya', tokens.maya ?? '');
  startSending();
  await eventually(async () => expect(await recorded()).toEqual(['sent', 'held']));
});

it('sets aside what was cut off by a kill and what the database refuses', async () => {
  outbox.add(usage('maya', 'cut'));
  truncateSync(join(state, 'hq', 'outbox', outbox.names()[0] ?? ''), 20);
  outbox.add(usage('maya', 'wrong', { occurred_at: '2099-01-01T00:00:00Z' }));
  outbox.add(usage('maya', 'good'));
  startSending();
  await eventually(() => expect(outbox.names()).toEqual([]));
  expect(await recorded()).toEqual(['good']);
  expect(readdirSync(join(state, 'hq', 'outbox', 'refused'))).toHaveLength(2);
  expect(warnings).toEqual([
    'An entry of the outbox was set aside, because it was cut off.',
    'An entry of the outbox was set aside: occurred_at is in the future',
  ]);
});

it('drops the oldest entries above its limit', () => {
  const small = new Outbox(state, 2);
  for (const run of ['1', '2', '3']) small.add(usage('maya', run));
  expect(small.names().map((name) => small.read(name)?.args.run_id)).toEqual(['2', '3']);
});
