import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { readSecretsKeys, unseal } from '@hq/shared/secrets';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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
  expect(await prepare()).toMatchObject({ isRehearsal: true });
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
  expect(await prepare()).toMatchObject({ isRehearsal: true });
  expect(lines.join(' ')).toMatch(
    /rehearsal.*script answers.*ANTHROPIC_API_KEY, OPENAI_API_KEY or OPENAI_BASE_URL/,
  );
  expect(await prepare({ HQ_REHEARSAL: '0' })).toMatchObject({ isRehearsal: false });
});

test('a key of the environment is stored as a secret, is used by the agent, and stays when it is gone there', async () => {
  expect(await prepare({ OPENAI_API_KEY: ' sk-test ' })).toMatchObject({ isRehearsal: false });
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
  expect(await prepare()).toMatchObject({ isRehearsal: false, server: null });
});

test('a gateway that has agents gets none', async () => {
  await database.addAgent('mine', gatewayId);
  await prepare();
  await prepare({ HQ_FIRST_AGENT: '0' });
  expect(await commands()).toEqual([]);
});

test('an agent of a rehearsal gets the model of a key that comes later, and keeps one that an operator gave it', async () => {
  await prepare();
  await prepare({ ANTHROPIC_API_KEY: 'sk-ant' });
  const model = async () => (await database.query(`select model from agents where slug = 'first'`))[0]?.model;
  expect(await model()).toBe('anthropic/claude-sonnet-4-6');
  await database.query(`update agents set model = 'openai/own' where slug = 'first'`);
  await prepare({ ANTHROPIC_API_KEY: 'sk-ant' });
  expect(await model()).toBe('openai/own');
});

describe('a server with OpenAI’s protocol', () => {
  let server: Server;
  let url: string;
  let models: readonly string[] = ['qwen3'];
  const secretKeys = () => database.query(`select key from secrets where gateway_id = $1`, [gatewayId]);

  beforeAll(async () => {
    server = createServer(({ url: path, headers }, answer) => {
      const isKnown = headers.authorization === undefined || headers.authorization === 'Bearer sk-right';
      answer.writeHead(path === '/v1/models' ? (isKnown ? 200 : 401) : 404);
      answer.end(JSON.stringify({ data: models.map((id) => ({ id })) }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`;
  });
  afterAll(() => void server.close());

  test('gives the first agent its model, without a key too, and stays for later starts', async () => {
    expect(await prepare({ OPENAI_BASE_URL: url })).toEqual({
      isRehearsal: false,
      server: { baseUrl: url, model: 'qwen3' },
    });
    expect(lines).toEqual([`Agents use the model qwen3 of ${url}.`]);
    expect(await database.query(`select model from agents where slug = 'first'`)).toEqual([
      { model: 'openai-compatible/qwen3' },
    ]);
    expect(await secretKeys()).toEqual([]);
    expect(await prepare()).toMatchObject({ isRehearsal: false, server: { model: 'qwen3' } });
  });

  test('gets its key as a secret of its own, and none of another server', async () => {
    await prepare({ OPENAI_BASE_URL: url, OPENAI_API_KEY: 'sk-right' });
    expect(await secretKeys()).toEqual([{ key: 'OPENAI_COMPATIBLE_API_KEY' }]);
    await prepare({ OPENAI_BASE_URL: url });
    expect(await secretKeys()).toEqual([]);
  });

  test('that cannot be used is refused at once with the variable at fault, and nothing is stored', async () => {
    const fault = (variables: NodeJS.ProcessEnv) => prepare(variables).catch((error: unknown) => error);
    const root = url.replace('/v1', '');
    expect(await fault({ OPENAI_BASE_URL: 'ollama' })).toMatchObject({
      code: 'usage',
      field: 'OPENAI_BASE_URL',
    });
    expect(await fault({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' })).toMatchObject({
      ...{ code: 'unreachable', field: 'OPENAI_BASE_URL' },
      message: expect.stringContaining('cannot be reached'),
    });
    expect(await fault({ OPENAI_BASE_URL: root })).toMatchObject({
      ...{ code: 'not_found', field: 'OPENAI_BASE_URL' },
      hint: expect.stringContaining('/v1'),
    });
    const wrong = await fault({ OPENAI_BASE_URL: url, OPENAI_API_KEY: 'sk-wrong' });
    expect(wrong).toMatchObject({ code: 'unauthenticated', field: 'OPENAI_API_KEY' });
    expect(String(wrong)).not.toContain('sk-wrong');
    expect(await fault({ OPENAI_BASE_URL: url, OPENAI_MODEL: 'gpt' })).toMatchObject({
      ...{ code: 'not_found', field: 'OPENAI_MODEL', hint: 'It has qwen3.' },
    });
    models = ['one', 'two'];
    expect(await fault({ OPENAI_BASE_URL: url })).toMatchObject({
      ...{ code: 'usage', field: 'OPENAI_MODEL', hint: 'Name one of one, two.' },
    });
    models = ['qwen3'];
    expect(await commands()).toEqual([]);
  });

  test('that is away at a later start is reported, and HQ starts', async () => {
    await prepare({ OPENAI_BASE_URL: url });
    await database.query(
      `update gateways set meta = jsonb_set(meta, '{model_server,baseUrl}', '"http://127.0.0.1:1/v1"')`,
    );
    lines = [];
    expect(await prepare()).toMatchObject({ isRehearsal: false });
    expect(lines.join(' ')).toMatch(/turns fail now: OPENAI_BASE_URL cannot be reached/);
  });
});
