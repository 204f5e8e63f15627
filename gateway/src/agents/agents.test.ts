import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentSpec } from '@hq/shared/agents';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startTelegramServer, type TelegramServer } from '../../../bots/fakes/telegram-server/index.ts';
import { startTestGateway, type TestGateway } from '../../testing/openclaw-gateway.ts';
import {
  type AgentsContext,
  AgentsHealth,
  applyAgents,
  listPairings,
  openContext,
  pauseAgent,
  prepareRepository,
  removeAgent,
  resetSession,
  resumeAgent,
  watchConfig,
} from './index.ts';
import { type HeldModel, startHeldModel } from './testing/held-model.ts';
import { specOf } from './testing/specs.ts';

const limitMs = 300_000;
const templates = fileURLToPath(new URL('../../templates', import.meta.url));
const settings = {
  sandbox: { mode: 'off' },
  tools: { allow: ['read', 'session_status'], deny: ['exec', 'process'], elevated: { enabled: false } },
  browserProfile: null,
};
/** Waits longer than the first turn of an agent takes on a busy machine. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 120_000, interval: 100 });
const run = z.object({ runId: z.string() });
const entries = z.object({ agents: z.object({ entries: z.record(z.string(), z.looseObject({})) }) });

let model: HeldModel;
let telegram: TelegramServer;
let gateway: TestGateway;
let context: AgentsContext;
const faults: unknown[] = [];
const maya = specOf('maya');
const bob = specOf('bob');

const apply = async (specs: readonly AgentSpec[], progress: string[] = []) =>
  await applyAgents(context, specs, (line) => progress.push(line));
const call = (method: string, params?: object) => gateway.call(method, params);
const startTurn = async (agentId: string, key: string = crypto.randomUUID()) => {
  const sessionKey = `agent:${agentId}:${key}`;
  const params = { agentId, sessionKey, message: 'Work.', idempotencyKey: crypto.randomUUID() };
  return run.parse(await call('agent', params)).runId;
};
const endOf = async (runId: string) =>
  z.object({ status: z.string() }).parse(await call('agent.wait', { runId, timeoutMs: 120_000 })).status;
const config = () => readFileSync(join(gateway.stateDir, 'openclaw.json'), 'utf8');
const open = () =>
  openContext({
    stateDirectory: gateway.stateDir,
    home: dirname(gateway.stateDir),
    openclaw: () => gateway.openclaw,
    settings: () => Promise.resolve(settings),
    closed: new AbortController().signal,
    onFault: (fault) => faults.push(fault),
  });

beforeAll(async () => {
  [model, telegram] = await Promise.all([startHeldModel(), startTelegramServer({ acceptsHtml: true })]);
  gateway = await startTestGateway({
    modelUrl: model.url,
    config: () => ({
      agents: { defaults: { heartbeat: { every: '0m' }, model: { primary: 'model/one' } } },
      plugins: { enabled: true, allow: ['telegram'], slots: { memory: 'none' } },
      channels: {
        telegram: { apiRoot: telegram.url, network: { dangerouslyAllowPrivateNetwork: true } },
      },
    }),
  });
  await prepareRepository({ stateDirectory: gateway.stateDir, templatesDirectory: templates });
  context = await open();
}, limitMs);
afterAll(async () => {
  model?.close();
  await Promise.all([telegram?.close(), gateway?.close()]);
  expect(faults).toEqual([]);
}, 60_000);

afterEach(() => model.release());

describe('agents of the real OpenClaw', () => {
  it('are provisioned with files, credential and one configuration, and then unchanged', {
    timeout: limitMs,
  }, async () => {
    const result = await apply([maya, bob]);
    expect(result).toEqual({
      applied: ['maya', 'bob'],
      unchanged: [],
      needCredential: [],
      unexpected: [],
      problems: [],
    });
    const { stateDir: stateDirectory } = gateway;
    const workspace = join(stateDirectory, 'workspace-acme/maya');
    expect(readFileSync(join(workspace, 'IDENTITY.md'), 'utf8')).toContain('**Name:** Maya');
    expect(readFileSync(join(workspace, 'USER.md'), 'utf8')).toContain('Europe/Berlin');
    const record = join(stateDirectory, 'hq/agents/acme-maya.json');
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ slug: 'maya', token: maya.token });
    expect(statSync(record).mode & 0o777).toBe(0o600);
    expect(await endOf(await startTurn('acme-maya'))).toBe('ok');
    expect(existsSync(join(workspace, 'BOOTSTRAP.md'))).toBe(false);
    const before = config();
    const again = await apply([maya, bob]);
    expect(again).toMatchObject({ applied: [], unchanged: ['maya', 'bob'] });
    // The next process knows as much.
    context = await open();
    expect(await apply([maya, bob])).toMatchObject({ applied: [] });
    expect(config()).toBe(before);
  });

  it('get another model beside a turn of another agent, which goes on', { timeout: limitMs }, async () => {
    const asked = model.asked.length;
    model.hold();
    const running = await startTurn('acme-bob');
    await eventually(() => expect(model.asked.length).toBe(asked + 1));
    expect(await apply([{ ...maya, model: 'model/two' }, bob])).toMatchObject({ applied: ['maya'] });
    model.release();
    expect(await endOf(running)).toBe('ok');
    expect(await endOf(await startTurn('acme-maya'))).toBe('ok');
    expect(model.asked.at(-1)).toBe('two');
    const { agents } = entries.parse(JSON.parse(config()));
    expect(agents.entries['acme-maya']).toMatchObject({ model: 'model/two', tools: settings.tools });
    expect(await apply([maya, bob])).toMatchObject({ applied: ['maya'] });
  });

  it('are left alone where HQ did not make them', { timeout: limitMs }, async () => {
    const { hash } = z.object({ hash: z.string() }).parse(await call('config.get'));
    const raw = JSON.stringify({ agents: { entries: { own: { name: 'Own' } } } });
    await call('config.patch', { raw, baseHash: hash });
    const result = await apply([{ ...maya, name: 'Maya Two' }, bob]);
    expect(result).toMatchObject({ applied: ['maya'], unexpected: ['own'] });
    expect(entries.parse(JSON.parse(config())).agents.entries.own).toMatchObject({ name: 'Own' });
    await apply([maya, bob]);
  });

  it('keep files that the agent changed, and get the others anew', { timeout: limitMs }, async () => {
    const soul = join(gateway.stateDir, 'workspace-acme/maya/SOUL.md');
    writeFileSync(soul, 'I am somebody else.\n');
    const progress: string[] = [];
    await apply([{ ...maya, owner: { ...maya.owner, preferredName: 'Mrs Smith' } }, bob], progress);
    expect(readFileSync(soul, 'utf8')).toBe('I am somebody else.\n');
    const user = readFileSync(join(dirname(soul), 'USER.md'), 'utf8');
    expect(user).toContain('**Address as:** Mrs Smith');
    expect(progress).toContain('maya: kept SOUL.md, which HQ did not write');
  });

  it('answer on Telegram, are silent at once when paused, and answer again', {
    timeout: limitMs,
  }, async () => {
    const account = () => JSON.parse(config()).channels.telegram.accounts['acme-maya'];
    const ann = telegram.person('Ann');
    const chat = telegram.direct(ann);
    const withChannel: AgentSpec = {
      ...maya,
      channel: {
        name: 'telegram',
        tokens: { botToken: telegram.token },
        allowFrom: [String(ann.id)],
      },
    };
    expect((await apply([withChannel, bob])).applied).toContain('maya');
    expect(await apply([withChannel, bob])).toMatchObject({ applied: [] });
    expect(JSON.stringify(await call('config.get'))).not.toContain(telegram.token);
    await eventually(() => expect(telegram.isPolled).toBe(true));
    telegram.write(ann, chat, 'hello');
    await eventually(() => expect(telegram.last(chat).text).toContain('done'));
    const answers = () => telegram.messages(chat).filter(({ text }) => text.includes('done')).length;
    const before = answers();

    const asked = model.asked.length;
    model.hold();
    const running = await startTurn('acme-bob');
    const own = await startTurn('acme-maya');
    await eventually(() => expect(model.asked.length).toBe(asked + 2));
    const paused = await pauseAgent(context, 'maya');
    expect(paused).toEqual({ abortedTurns: 1, waitsFor: expect.stringContaining('acme-bob') });
    expect(await endOf(own)).toBe('error');
    await eventually(() => expect(telegram.isPolled).toBe(false));
    telegram.write(ann, chat, 'are you there?');
    model.release();
    expect(await endOf(running)).toBe('ok');
    // The account is switched off once nobody works any more.
    await eventually(() => expect(account()).toMatchObject({ enabled: false }));
    expect(answers()).toBe(before);

    await resumeAgent(context, 'maya');
    await eventually(() => expect(answers()).toBe(before + 1));
    expect(await apply([withChannel, bob])).toMatchObject({ applied: [], problems: [] });
  });

  it('are made and removed by runs that are stopped at each of their steps', {
    timeout: limitMs,
  }, async () => {
    /** Runs the work until it gets to its end, and stops it one step later each time. Returns the number of stops. */
    const stopEverywhere = async (work: (onProgress: () => void) => Promise<unknown>) => {
      for (let stopAt = 1; ; stopAt += 1) {
        let step = 0;
        const result = await work(() => {
          step += 1;
          if (step === stopAt) throw new Error('stopped');
        }).catch((error: Error) => error);
        if (!(result instanceof Error)) return { stops: stopAt - 1, result };
        expect(result.message).toBe('stopped');
      }
    };
    const zoe = specOf('zoe');
    const made = await stopEverywhere((onProgress) => applyAgents(context, [zoe], onProgress));
    expect(made.stops).toBeGreaterThan(4);
    expect(await apply([zoe])).toMatchObject({ applied: [], unchanged: ['zoe'], problems: [] });
    const removed = await stopEverywhere((onProgress) => removeAgent(context, 'zoe', onProgress));
    expect(removed.stops).toBeGreaterThan(6);
    expect(removed.result).toMatchObject({ archived: expect.stringContaining('archive/acme/zoe-') });
    expect(config()).not.toContain('acme-zoe');
    const branches = ['for-each-ref', '--format=%(refname)', 'refs/heads'];
    const git = ['--git-dir', join(gateway.stateDir, 'repo.git'), ...branches];
    const names = execFileSync('git', git, { encoding: 'utf8' }).split('\n');
    expect(names.filter((name) => name.includes('zoe'))).toEqual([
      expect.stringMatching(/^refs\/heads\/archive\/acme\/zoe-/),
    ]);
  });

  it('work without a channel that the gateway has no plugin for', { timeout: limitMs }, async () => {
    const tokens = { botToken: 'xoxb-1', appToken: 'xapp-1' };
    const sue = specOf('sue', { channel: { name: 'slack', tokens } });
    const { applied, problems } = await apply([sue]);
    expect(applied).toEqual(['sue']);
    expect(problems).toEqual([{ slug: 'sue', message: expect.stringContaining('no plugin for slack') }]);
    expect(await endOf(await startTurn('acme-sue'))).toBe('ok');
    expect(config()).toContain(telegram.token);
    await removeAgent(context, 'sue', () => undefined);
  });

  it('are put back when somebody changes the configuration', { timeout: limitMs }, async () => {
    const log = { warn: vi.fn() };
    const end = watchConfig(context, gateway.openclaw, log);
    const before = entries.parse(JSON.parse(config())).agents.entries;
    const { hash } = z.object({ hash: z.string() }).parse(await call('config.get'));
    const foreign = {
      'acme-maya': { tools: { allow: ['exec'], deny: null } },
      'acme-bob': { name: 'Somebody' },
    };
    const raw = JSON.stringify({ agents: { entries: foreign } });
    const replacePaths = ['allow', 'deny'].map((list) => `agents.entries.acme-maya.tools.${list}`);
    await call('config.patch', { raw, baseHash: hash, replacePaths });
    await eventually(() => expect(entries.parse(JSON.parse(config())).agents.entries).toEqual(before));
    await eventually(() =>
      expect(log.warn.mock.calls).toMatchObject([[{ agents: ['maya', 'bob'] }, expect.any(String)]]),
    );
    await end();
    expect(await endOf(await startTurn('acme-bob'))).toBe('ok');
  });

  it('list a person who waits for an approval', { timeout: limitMs }, async () => {
    const sam = telegram.person('Sam');
    telegram.write(sam, telegram.direct(sam), 'hello');
    await eventually(async () =>
      expect(await listPairings(context)).toMatchObject([
        { channel: 'telegram', account: 'acme-maya', sender: String(sam.id), code: null },
      ]),
    );
  });

  it('begin a session anew', { timeout: limitMs }, async () => {
    await endOf(await startTurn('acme-bob', 'talk'));
    const sessionKey = 'agent:acme-bob:talk';
    const shape = z.object({ messages: z.array(z.object({ role: z.string() })) });
    const history = async () =>
      shape
        .parse(await call('chat.history', { sessionKey }))
        .messages.filter(({ role }) => role !== 'system');
    expect((await history()).length).toBeGreaterThan(0);
    expect(await resetSession(context, 'bob', sessionKey)).toEqual({ sessionKey });
    expect(await history()).toEqual([]);
    await expect(resetSession(context, 'bob', 'agent:acme-maya:main')).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it('say what keeps them from answering, until it is over', { timeout: limitMs }, async () => {
    let now = Date.now();
    const health = new AgentsHealth(context, gateway.openclaw, () => now);
    const conditions = async (id: string) => (await health.read(300)).agents[id];
    const ada = specOf('ada', {
      model: 'openai/gpt-5',
      channel: { name: 'telegram', tokens: { botToken: '1:of-nobody' }, allowFrom: ['1'] },
    });
    await apply([bob, ada]);
    await eventually(async () =>
      expect(await conditions('acme-ada')).toEqual([
        { kind: 'signed_out', subject: 'openai', reason: 'there is no key for openai' },
        {
          kind: 'mute',
          subject: 'telegram',
          reason: expect.stringMatching(/^telegram: .*401 from Telegram/),
        },
      ]),
    );
    expect(await conditions('acme-bob')).toEqual([]);
    await removeAgent(context, 'ada', () => undefined);

    model.promptTokens = 199_000;
    await endOf(await startTurn('acme-bob', 'long-talk'));
    model.promptTokens = 1;
    const full = { kind: 'full', subject: 'agent:acme-bob:long-talk', reason: expect.any(String) };
    await eventually(async () => expect(await conditions('acme-bob')).toEqual([full]));
    await resetSession(context, 'bob', full.subject);
    await eventually(async () => expect(await conditions('acme-bob')).toEqual([]));

    model.hold();
    const running = await startTurn('acme-bob', 'hq-item-1');
    await eventually(async () => {
      now = Date.now();
      await health.read(300);
      now += 500_000;
      expect(await conditions('acme-bob')).toEqual([
        { kind: 'stuck', subject: 'agent:acme-bob:hq-item-1', reason: 'a turn runs for more than 7 min' },
      ]);
    });
    model.release();
    expect(await endOf(running)).toBe('ok');
    await eventually(async () => expect(await conditions('acme-bob')).toEqual([]));
  });

  it('are removed beside a turn of another agent, and a new one of that slug inherits nothing', {
    timeout: limitMs,
  }, async () => {
    await endOf(await startTurn('acme-maya', 'secret-talk'));
    model.hold();
    const running = await startTurn('acme-bob');
    const progress: string[] = [];
    const removal = removeAgent(context, 'maya', (line) => progress.push(line));
    await eventually(() => expect(progress.join()).toContain('waits for a turn of acme-bob'));
    model.release();
    const { archived } = await removal;
    expect(archived).toMatch(/^archive\/acme\/maya-\d{8}T\d{6}Z$/);
    expect(await endOf(running)).toBe('ok');
    expect(config()).not.toContain('acme-maya');
    expect(config()).not.toContain(telegram.token);
    const { stateDir: stateDirectory } = gateway;
    for (const path of ['workspace-acme/maya', 'hq/agents/acme-maya.json', 'agents/acme-maya/agent'])
      expect(existsSync(join(stateDirectory, path))).toBe(false);
    expect(await removeAgent(context, 'maya', () => undefined)).toEqual({ archived: null });

    const next = specOf('maya', { token: null });
    expect(await apply([next, bob])).toMatchObject({ applied: ['maya'], needCredential: ['maya'] });
    const soul = readFileSync(join(stateDirectory, 'workspace-acme/maya/SOUL.md'), 'utf8');
    expect(soul).not.toContain('somebody else');
    expect(await apply([{ ...next, name: 'Maya New' }, bob])).toMatchObject({ applied: ['maya'] });
    const identity = readFileSync(join(stateDirectory, 'workspace-acme/maya/IDENTITY.md'), 'utf8');
    expect(identity).toContain('**Name:** Maya New');
    expect(await endOf(await startTurn('acme-maya'))).toBe('ok');
    const history = await call('chat.history', { sessionKey: 'agent:acme-maya:secret-talk' });
    expect(history).toMatchObject({ messages: [] });
    await removeAgent(context, 'maya', () => undefined);
  });
});
