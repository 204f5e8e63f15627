import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { withStartLock } from '../../../db/testing/start-lock.ts';
import type { HandlerContext } from '../handler.ts';
import { handlers } from '../handlers/index.ts';
import type { OpenClawCall } from '../openclaw-call.ts';
import { CommandOutput } from '../output.ts';
import { prepareGatewayHome } from '../process/gateway-home.ts';
import { ProcessStack } from '../process/process-stack.ts';
import { type ModelServer, startModelServer } from '../testing/model-server.ts';
import { noAgents, noDispatcher } from '../testing/no-services.ts';
import { until } from '../testing/runner-harness.ts';
import { type SecretsHarness, startSecretsHarness } from '../testing/secrets-harness.ts';
import { ProviderKeys } from './provider-keys.ts';
import type { SecretsSync } from './secrets-sync.ts';

const readyMs = 150_000;
const log = createLog('silent', createRedactor([]));
const profilesShape = z.object({
  providers: z.array(z.object({ profiles: z.array(z.object({ profileId: z.string() })).default([]) })),
});

let harness: SecretsHarness;
let model: ModelServer;
let directory: string;
let maya: string;
let state: string;
let stack: ProcessStack;
let sync: SecretsSync;
let providerKeys: ProviderKeys;
const calls: OpenClawCall[] = [];

const call = async (method: string, params: object = {}) => {
  const [answer] = await stack.gateway.calls([{ method, params }], AbortSignal.timeout(readyMs));
  if (answer?.ok !== true) throw new Error(`${method}: ${answer?.message}`);
  return answer.payload;
};
const profiles = async (agentId: string) =>
  profilesShape
    .parse(await call('models.authStatus', { agentId }))
    .providers.flatMap((provider) => provider.profiles.map(({ profileId }) => profileId))
    .sort();
const has = (agentId: string, wanted: readonly string[]) =>
  vi.waitFor(async () => expect(await profiles(agentId)).toEqual(wanted), {
    timeout: 120_000,
    interval: 500,
  });
/** Takes a key away by hand; whether it was there. */
const takesAway = async (agentId: string, profileId: string) => {
  const params = { provider: profileId.split(':')[0], profileIds: [profileId], agentId };
  const asked = [{ method: 'models.authLogout', params }];
  const [answer] = await stack.gateway.calls(asked, AbortSignal.timeout(readyMs));
  return answer?.ok;
};
const noted = () => {
  const file = join(state, 'secrets', 'provider-keys.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
};
const openProviderKeys = () =>
  new ProviderKeys({
    gateway: {
      calls: (asked, signal) => {
        calls.push(...asked);
        return stack.gateway.calls(asked, signal);
      },
    },
    path: join(state, 'secrets'),
    hashKey: harness.stack.serviceRoleKey,
    log,
  });
const recordedKeys = () =>
  calls.filter(({ method }) => method.startsWith('models.auth') && method !== 'models.authStatus');

beforeAll(
  async () => {
    harness = await startSecretsHarness();
    model = await startModelServer();
    directory = mkdtempSync(join(tmpdir(), 'hq-openclaw-'));
    const home = await prepareGatewayHome(directory);
    state = home.stateDirectory;
    const file = join(state, 'openclaw.json');
    const providers = {
      model: {
        baseUrl: model.url,
        api: 'openai-completions',
        models: [
          {
            id: 'one',
            name: 'One',
            reasoning: false,
            input: ['text'],
            contextWindow: 200_000,
            maxTokens: 8192,
          },
        ],
      },
    };
    const agents = {
      defaults: { model: { primary: 'model/one' } },
      entries: {
        'acme-maya': { name: 'Maya', workspace: join(state, 'workspace-acme', 'maya') },
        bob: { name: 'Bob', workspace: join(state, 'workspace-bob') },
      },
    };
    writeFileSync(file, JSON.stringify({ models: { providers }, agents }));
    maya = await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.stack.database.addAgent('bob', harness.gateway);
    mkdirSync(join(state, 'hq', 'agents'), { recursive: true, mode: 0o700 });
    for (const [id, slug] of [
      ['acme-maya', 'maya'],
      ['bob', 'bob'],
    ]) {
      const record = { agentId: maya, slug, branch: slug, token: 'f'.repeat(64), allowedHosts: [] };
      writeFileSync(join(state, 'hq', 'agents', `${id}.json`), JSON.stringify(record), { mode: 0o600 });
    }
    await harness.store('TOKEN', 'the token of everybody');
    await harness.store('TOKEN', `maya's own $token`, { agent: maya });
    await harness.store('OPENAI_API_KEY', 'sk-openai-of-the-gateway-0123456789');
    await harness.store('GROQ_API_KEY', 'gsk-groq-of-maya-0123456789', { agent: maya });
    sync = harness.open({ path: join(state, 'secrets') });
    await withStartLock(async () => {
      stack = await ProcessStack.open(home, log, createRedactor([]));
      await sync.start(30_000);
      await until('the gateway', async () => (await stack.services())[0]?.health === 'healthy', readyMs);
    });
    providerKeys = openProviderKeys();
    sync.addListener(providerKeys);
  },
  2 * readyMs + 60_000,
);
afterAll(async () => {
  await providerKeys?.close();
  await stack?.close();
  await harness?.close();
  model?.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

async function turn(agentId: string, command: string): Promise<string> {
  model.run(command);
  const run = await call('agent', {
    agentId,
    sessionKey: `agent:${agentId}:${crypto.randomUUID()}`,
    message: 'Do it.',
    idempotencyKey: crypto.randomUUID(),
  });
  const { runId } = z.object({ runId: z.string() }).parse(run);
  await call('agent.wait', { runId, timeoutMs: 50_000 });
  return model.outputs.at(-1) ?? '';
}
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

const context = (output: CommandOutput): HandlerContext => ({
  commandId: 'command',
  attempt: 1,
  agentId: null,
  agentSlug: null,
  agents: noAgents,
  dispatcher: noDispatcher,
  runnerId: 'runner',
  stack,
  output,
  signal: AbortSignal.timeout(readyMs),
  progress: () => undefined,
  setPaused: () => Promise.resolve(),
  openSecret: (idOrKey, signal) => sync.readSecret(idOrKey, signal),
});

describe('the real OpenClaw', () => {
  it('gets provider keys, each agent its own, and no other secret', { timeout: readyMs }, async () => {
    await has('acme-maya', ['groq:manual', 'openai:manual']);
    await has('bob', ['openai:manual']);
    await until('it to be noted', () => Object.keys(noted()).length === 2, readyMs);
    const note = readFileSync(join(state, 'secrets', 'provider-keys.json'), 'utf8');
    expect(note).not.toContain('of-the-gateway');
    expect(recordedKeys()).toHaveLength(3);
  });

  it('gets no key twice, also from the next runner', { timeout: readyMs }, async () => {
    await until('it to be noted', () => Object.keys(noted()).length === 2, readyMs);
    await providerKeys.close();
    calls.length = 0;
    providerKeys = openProviderKeys();
    sync.addListener(providerKeys);
    await until('it to look', () => calls.some(({ method }) => method === 'config.get'), readyMs);
    await harness.store('UNRELATED', 'value');
    await sync.synced();
    await until(
      'the reload',
      () => calls.filter(({ method }) => method === 'secrets.reload').length >= 2,
      readyMs,
    );
    await providerKeys.close();
    expect(recordedKeys()).toEqual([]);
    providerKeys = openProviderKeys();
    sync.addListener(providerKeys);
  });

  it('gives an agent’s commands the agent’s secrets as variables', { timeout: readyMs }, async () => {
    // The model is a provider as any other: its key comes from a secret, too.
    await harness.store('MODEL_KEY', 'sk-the-key-of-the-model-0123');
    const output = new CommandOutput(harness.redactor, () => undefined);
    await handlers.auth_set_api_key({ provider: 'model', secret: 'MODEL_KEY' }, context(output));
    const digest = 'printf %s "$TOKEN" | sha256sum; cd / && echo ".$UNSET."';
    expect(await turn('acme-maya', digest)).toContain(hash(`maya's own $token`));
    const bob = await turn('bob', digest);
    expect(bob).toContain(hash('the token of everybody'));
    expect(bob).not.toContain('the token of everybody');
    expect(model.keys).toEqual(new Set(['Bearer sk-the-key-of-the-model-0123']));
    await harness.store('TOKEN', 'another token');
    await sync.synced();
    expect(await turn('bob', digest)).toContain(hash('another token'));
  });

  it('drops a key that HQ removed, and keeps one that HQ did not push', {
    timeout: readyMs,
  }, async () => {
    await call('models.authSetApiKey', { provider: 'xai', apiKey: 'by-hand-0123456789', agentId: 'bob' });
    await harness.stack.database.query(
      `delete from secrets where key = 'OPENAI_API_KEY' and agent_id is null`,
    );
    await harness.store('OPENAI_API_KEY', 'sk-openai-of-maya-0123456789', { agent: maya });
    await sync.synced();
    await until('it to be noted', () => noted().bob === undefined, readyMs);
    expect(await takesAway('bob', 'openai:manual')).toBe(false);
    // Maya has a key of that provider that is her own: she keeps it when the one for everybody goes.
    expect(await takesAway('acme-maya', 'openai:manual')).toBe(true);
    expect(await takesAway('acme-maya', 'groq:manual')).toBe(true);
    expect(await takesAway('bob', 'xai:manual')).toBe(true);
  });

  it('gets a key and an address by command, and keeps its default model', { timeout: readyMs }, async () => {
    const shape = z.object({
      config: z.object({
        models: z.looseObject({ providers: z.record(z.string(), z.looseObject({})) }),
        agents: z.unknown(),
      }),
    });
    const before = shape.parse(await call('config.get'));
    const output = new CommandOutput(harness.redactor, () => undefined);
    const payload = {
      provider: 'openai-codex',
      secret: 'MODEL_KEY',
      base_url: 'https://models.example.test/v1',
    };
    expect(await handlers.auth_set_api_key(payload, context(output))).toEqual({
      provider: 'openai',
      agents: 2,
    });
    output.end();
    expect(output.summary('stdout')).toBe(
      'requests to openai go to models.example.test\nstored the key of openai in OpenClaw for acme-maya, bob\n',
    );
    const after = shape.parse(await call('config.get'));
    expect(after.config.models.providers.openai).toMatchObject({ baseUrl: 'https://models.example.test/v1' });
    expect(after.config.agents).toEqual(before.config.agents);
    expect(await takesAway('bob', 'openai:manual')).toBe(true);
  });

  it('stores a key under a profile of another name', { timeout: readyMs }, async () => {
    const output = new CommandOutput(harness.redactor, () => undefined);
    const own = await harness.store('THIRD_KEY', 'sk-the-third-key-0123456789', { agent: maya });
    const payload = { provider: 'openai', secret: own, profile_name: 'second' };
    expect(await handlers.auth_set_api_key(payload, context(output))).toEqual({
      provider: 'openai',
      agents: 1,
    });
    expect(await takesAway('acme-maya', 'openai:second')).toBe(true);
    expect(await takesAway('bob', 'openai:second')).toBe(false);
  });
});
