import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, cloneDatabase, nilTenant, service, type TestDatabase } from '../../testing/database.ts';
import { enqueue } from '../../testing/enqueue.ts';
import { exchange } from '../../testing/exchange.ts';

let database: TestDatabase;
let gateway: string;
let operator: Caller;
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('attic');
  operator = await database.addUser({ role: 'operator' });
});
afterAll(() => database.drop());

const provision = (payload: object, more: { agent?: string; key?: string } = {}) =>
  enqueue(database, operator, 'provision', { gateway: 'attic', payload, ...more });
const agent = async (slug: string) => {
  const [row] = await database.query(
    `select name, status, model, branch, meta, gateway_id, description from agents where slug = $1`,
    [slug],
  );
  return row;
};

describe('provision', () => {
  test('adds the agent in the transaction that adds the command', async () => {
    const answer = await provision({
      ...{ name: 'Scout 🦊.', channel: 'discord', discord_user_id: '123456789', emoji: '🦊' },
      ...{ model: 'openai/gpt-5', source_template: 'template/writer', owner_name: 'Ada' },
    });
    expect(answer).toMatchObject({ created: true, command: { status: 'pending', agent_slug: 'scout' } });
    expect(await agent('scout')).toEqual({
      ...{ name: 'Scout 🦊.', status: 'provisioning', model: 'openai/gpt-5', branch: 'scout' },
      ...{ gateway_id: gateway, description: null },
      meta: {
        ...{ channel: 'discord', discord_user_id: '123456789', emoji: '🦊' },
        ...{ template_branch: 'template/writer', owner: { name: 'Ada' } },
      },
    });
  });

  test('makes a slug of a name with accents, and refuses a time zone that does not exist', async () => {
    expect(await provision({ name: 'Ärger Müller' })).toMatchObject({
      command: { agent_slug: 'arger-muller' },
    });
    expect(await provision({ slug: 'lost', owner_timezone: 'Mars/Olympus' })).toMatchObject({
      refused: { field: 'owner_timezone', hint: 'Name one such as Europe/Berlin.' },
    });
    expect(await agent('lost')).toBeUndefined();
  });

  test('keeps what an import brings: people, thinking, and the files until the gateway has them', async () => {
    const id = '0b0f3fd1-6c7c-4d2c-9d5e-111111111111';
    const answer = await provision({
      ...{ slug: 'moved', channel: 'telegram', thinking: 'high' },
      ...{ allow_from: ['555', '@ann'], import_id: id },
    });
    const described = async () => {
      const [row] = await database.as<{ agents: { slug: string }[] }>(
        service,
        'select gateway_agents($1) as agents',
        [gateway],
      );
      return row?.agents.find(({ slug }) => slug === 'moved');
    };
    expect(await described()).toMatchObject({
      ...{ thinking: 'high', importId: id },
      channel: { name: 'telegram', allowFrom: ['555', '@ann'] },
    });
    const provisioned = `select agent_provisioned($1, 'moved', 'moved')`;
    await database.as(service, provisioned, [answer.command?.agent_id]);
    expect(await described()).toMatchObject({ status: 'ready', importId: null });
  });

  test.each([
    [{ slug: 'a' }, 'slug'],
    [{ slug: 'main' }, 'slug'],
    [{ slug: 'template-x' }, 'slug'],
    [{ name: '???' }, 'slug'],
    [{}, 'slug'],
    [{ slug: 'ok', channel: 'irc' }, 'channel'],
    [{ slug: 'ok', colour: 'red' }, 'colour'],
    [{ slug: 'ok', workspace_slug: 'archive' }, 'workspace_slug'],
  ])('refuses %j and adds no agent', async (payload, field) => {
    expect((await provision(payload)).refused).toMatchObject({ code: 'usage', field });
    expect(await agent('ok')).toBeUndefined();
  });

  test('takes null for what is left out, as an older client sends it', async () => {
    const payload = { slug: 'nulls', channel: 'none', owner_timezone: null, model: null };
    const answer = await provision(payload, { key: 'nulls' });
    expect(answer).toMatchObject({ created: true });
    expect(await provision(payload, { key: 'nulls' })).toMatchObject({
      created: false,
      command: { id: answer.command?.id },
    });
    const { claimed } = await exchange(database, { gateway, claim: 50 });
    expect(claimed.find(({ agent_slug }) => agent_slug === 'nulls')?.payload).toEqual({
      slug: 'nulls',
      channel: 'none',
    });
  });

  test('changes an agent that never was on its gateway, and refuses one that is', async () => {
    await provision({ slug: 'twice', name: 'First' });
    await provision({ name: 'Second', channel: 'none' }, { agent: 'twice' });
    expect(await agent('twice')).toMatchObject({ name: 'Second', status: 'provisioning' });
    await database.query(`update agents set status = 'ready' where slug = 'twice'`);
    expect((await provision({ slug: 'twice' })).refused).toMatchObject({ code: 'conflict', field: 'slug' });
  });

  test('places the branch below the workspace, and keeps two agents from one id in OpenClaw', async () => {
    await database.query(`insert into workspace (tenant_id, name, slug) values ($1, 'Acme', 'acme')`, [
      nilTenant,
    ]);
    await provision({ slug: 'web-dev' });
    expect(await agent('web-dev')).toMatchObject({ branch: 'acme/web-dev' });
    expect((await provision({ slug: 'dev', workspace_slug: 'acme-web' })).refused).toMatchObject({
      code: 'conflict',
    });
    await database.query(`update workspace set slug = 'renamed'`);
    await provision({ slug: 'web-dev' });
    expect(await agent('web-dev')).toMatchObject({ branch: 'acme/web-dev' });
  });

  test('refuses more agents than a gateway holds, however many ask at once', async () => {
    await database.addGateway('small');
    await database.query(`update gateways set meta = '{"max_agents": 3}' where slug = 'small'`);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        enqueue(database, operator, 'provision', { gateway: 'small', payload: { slug: `small-${n}` } }),
      ),
    );
    const refused = answers.flatMap(({ refused }) => (refused === undefined ? [] : [refused]));
    expect(refused).toHaveLength(3);
    expect(refused[0]).toMatchObject({ code: 'conflict', hint: expect.stringContaining('another gateway') });
  });

  test('is for operators, and adds nothing for a viewer', async () => {
    const viewer = await database.addUser({ role: 'viewer' });
    const answer = await enqueue(database, viewer, 'provision', {
      gateway: 'attic',
      payload: { slug: 'no' },
    });
    expect(answer.refused?.code).toBe('refused');
    expect(await agent('no')).toBeUndefined();
  });
});

describe('set_agent_model', () => {
  const set = (payload: object, agentSlug: string | undefined = 'scout') =>
    enqueue(database, operator, 'set_agent_model', {
      payload,
      ...(agentSlug === undefined ? {} : { agent: agentSlug }),
    });
  const model = async () =>
    (await database.query(`select model, thinking from agents where slug = 'scout'`))[0];

  test('changes the row, and takes away what is left out or null', async () => {
    await set({ model: 'openai/gpt-5', thinking: 'xhigh' });
    expect(await model()).toEqual({ model: 'openai/gpt-5', thinking: 'xhigh' });
    await set({ agent_slug: 'scout', model: null, thinking: 'off' });
    expect(await model()).toEqual({ model: null, thinking: 'off' });
    await set({});
    expect(await model()).toEqual({ model: null, thinking: null });
  });

  test('finds the agent by its payload alone, and refuses two different ones', async () => {
    await database.as(
      operator,
      `insert into agent_commands (gateway_id, action, payload) values ($1, $2, $3)`,
      [...[gateway, 'set_agent_model', '{"agent_slug": "scout", "model": "m/1"}']],
    );
    expect(await model()).toEqual({ model: 'm/1', thinking: null });
    expect((await set({ agent_slug: 'twice', model: 'm/2' })).refused).toMatchObject({
      code: 'usage',
      field: 'agent_slug',
    });
    expect((await set({ thinking: 'none' })).refused).toMatchObject({ code: 'usage', field: 'thinking' });
  });
});

test('allowed hosts are set by admins alone', async () => {
  const admin = await database.addUser({ role: 'admin' });
  const asked = { agent: 'scout', payload: { hosts: ['PyPI.org', '*.github.com:443', 'pypi.org'] } };
  expect((await enqueue(database, operator, 'set_allowed_hosts', asked)).refused?.code).toBe('refused');
  expect(await enqueue(database, admin, 'set_allowed_hosts', asked)).toMatchObject({
    command: { status: 'done', result: { agent: 'scout', hosts: ['*.github.com:443', 'pypi.org'] } },
  });
  const wrong = { agent: 'scout', payload: { hosts: ['http://x'] } };
  expect((await enqueue(database, admin, 'set_allowed_hosts', wrong)).refused).toMatchObject({
    field: 'hosts[0]',
  });
});
