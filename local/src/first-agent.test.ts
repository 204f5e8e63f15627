import { readSecretsKeys, unseal } from '@hq/shared/secrets';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { cloneDatabase, type TestDatabase } from '../../db/testing/database.ts';
import { prepareFirstAgent } from './first-agent.ts';

const serviceRoleKey = 'a-service-role-key-of-a-test';
const databases: TestDatabase[] = [];
let database: TestDatabase;
let gatewayId: string;
let lines: string[];

beforeEach(async () => {
  database = await cloneDatabase();
  databases.push(database);
  gatewayId = await database.addGateway('here');
  lines = [];
});
afterAll(() => Promise.all(databases.map((one) => one.drop())));

const prepare = (variables: NodeJS.ProcessEnv = {}) =>
  prepareFirstAgent(database.url, {
    ...{ gatewayId, serviceRoleKey, variables },
    report: (line) => lines.push(line),
  });
const commands = () => database.query(`select action, status, agent_slug, payload from agent_commands`);

test('a first agent is asked for once, and one that was removed does not come back', async () => {
  expect(await prepare()).toBe(true);
  expect(await commands()).toEqual([
    {
      ...{ action: 'provision', status: 'pending', agent_slug: 'first' },
      payload: { name: 'First', slug: 'first' },
    },
  ]);
  await prepare();
  await database.query(`delete from agents`);
  await prepare();
  expect(await commands()).toHaveLength(1);
});

test('without a key it is a rehearsal, and says so plainly', async () => {
  expect(await prepare()).toBe(true);
  expect(lines.join(' ')).toMatch(/rehearsal.*script answers.*ANTHROPIC_API_KEY or OPENAI_API_KEY/);
  expect(await prepare({ HQ_REHEARSAL: '0' })).toBe(false);
});

test('a key of the environment is stored as a secret, is used by the agent, and stays when it is gone there', async () => {
  expect(await prepare({ OPENAI_API_KEY: ' sk-test ' })).toBe(false);
  expect(lines).toEqual([]);
  const [secret] = await database.query(`select key, encrypted_value from secrets where gateway_id = $1`, [
    gatewayId,
  ]);
  const keys = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey });
  expect(secret?.key).toBe('OPENAI_API_KEY');
  expect(unseal(String(secret?.encrypted_value), keys)).toMatchObject({ plaintext: 'sk-test' });
  expect(await database.query(`select model from agents where slug = 'first'`)).toEqual([
    { model: 'openai/gpt-5.5' },
  ]);
  expect(await prepare()).toBe(false);
});

test('a gateway that has agents gets none', async () => {
  await database.addAgent('mine', gatewayId);
  await prepare();
  await prepare({ HQ_FIRST_AGENT: '0' });
  expect(await commands()).toEqual([]);
});
