import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BaseConfigOptions, desiredConfig, firstConfig } from './base-config.ts';
import { type Json, type JsonObject, patched, patchOf, pathsOf } from './config-patch.ts';

const plain: BaseConfigOptions = { plugin: null, rehearsalPort: null, modelServer: null };
const plugin = { directory: '/hq/gateway/plugin', config: { stateDir: '/state' } };
const repaired = (config: JsonObject, options = plain) =>
  patched(config, patchOf(config, desiredConfig(config, options)) ?? {});

describe('a patch', () => {
  it('has only what differs', () => {
    const current = { gateway: { bind: 'lan', port: 1 }, cron: { enabled: false } };
    const desired = { gateway: { bind: 'loopback' }, cron: { enabled: false }, session: { a: 1 } };
    const patch = patchOf(current, desired);
    expect(patch).toEqual({ gateway: { bind: 'loopback' }, session: { a: 1 } });
    expect(pathsOf(patch ?? {})).toEqual(['gateway.bind', 'session.a']);
  });

  it('removes a key whose desired value is null, and names none that is absent', () => {
    expect(patchOf({ a: { b: 1, c: 2 } }, { a: { b: null, d: null } })).toEqual({ a: { b: null } });
    expect(patchOf({}, { a: { b: null } })).toBeNull();
  });

  it('leads to the desired values, after which nothing differs', () => {
    const keys = fc.constantFrom('a', 'b', 'c');
    const leaves = fc.constantFrom<Json>(null, true, 1, 'text', [1, 2], []);
    const objects: fc.Arbitrary<JsonObject> = fc.dictionary(
      keys,
      fc.oneof(leaves, fc.dictionary(keys, fc.oneof(leaves, fc.dictionary(keys, leaves)))),
    );
    fc.assert(
      fc.property(objects, objects, (current, desired) => {
        const once = patched(current, patchOf(current, desired) ?? {});
        expect(patchOf(once, desired)).toBeNull();
      }),
    );
  });
});

describe('HQ’s settings of OpenClaw', () => {
  it('are complete in the first configuration', () => {
    const first = patched({}, firstConfig(plain));
    expect(patchOf(first, desiredConfig(first, plain))).toBeNull();
    expect(first).toMatchObject({ gateway: { bind: 'loopback' }, cron: { enabled: false } });
  });

  it('keep what an operator added', () => {
    const config = {
      agents: { defaults: { heartbeat: { every: '5m' } }, entries: { maya: { name: 'Maya' } } },
      plugins: { allow: ['slack'], load: { paths: ['/own/plugin'] } },
      gateway: { port: 4_000, bind: 'lan' },
    };
    expect(repaired(config)).toMatchObject({
      agents: { defaults: { heartbeat: { every: '0m' } }, entries: { maya: { name: 'Maya' } } },
      plugins: { allow: expect.arrayContaining(['slack', 'telegram']), load: { paths: ['/own/plugin'] } },
      gateway: { port: 4_000, bind: 'loopback' },
    });
  });

  it('load HQ’s plugin from where it is now, and only where it is there', () => {
    const moved = { plugins: { load: { paths: ['/old/gateway/plugin', '/own/plugin'] } } };
    const withPlugin = repaired(moved, { ...plain, plugin });
    expect(withPlugin.plugins).toMatchObject({
      allow: expect.arrayContaining(['hq']),
      load: { paths: ['/own/plugin', '/hq/gateway/plugin'] },
      entries: { hq: { enabled: true, config: { stateDir: '/state' } } },
    });
    expect(repaired(withPlugin).plugins).toMatchObject({
      allow: expect.not.arrayContaining(['hq']),
      load: { paths: ['/own/plugin'] },
      entries: {},
    });
  });

  it('let OpenClaw start no browser outside of a jail', () => {
    expect(repaired({ browser: { attachOnly: false } })).toMatchObject({ browser: { attachOnly: true } });
  });

  it('use the model of a rehearsal by default, unless there is another, and only during one', () => {
    const rehearsal = repaired({}, { ...plain, rehearsalPort: 4_010 });
    expect(rehearsal).toMatchObject({
      models: { providers: { rehearsal: { baseUrl: 'http://127.0.0.1:4010/v1' } } },
      agents: { defaults: { model: { primary: 'rehearsal/script' } } },
    });
    expect(repaired(rehearsal)).toMatchObject({ models: { providers: {} } });
    expect(repaired(rehearsal).agents).not.toHaveProperty('defaults.model');
    const own = { agents: { defaults: { model: { primary: 'openai/gpt' } } } };
    expect(repaired(own, { ...plain, rehearsalPort: 4_010 }).agents).toMatchObject(own.agents);
  });

  it('use the model of a server with OpenAI’s protocol, in the place of a rehearsal, and keep its key', () => {
    const modelServer = { baseUrl: 'http://127.0.0.1:11434/v1', model: 'qwen3' };
    const rehearsal = repaired({}, { ...plain, rehearsalPort: 4_010 });
    const served = repaired(rehearsal, { ...plain, modelServer });
    expect(served).toMatchObject({
      models: {
        providers: {
          'openai-compatible': { baseUrl: modelServer.baseUrl, apiKey: 'none', models: [{ id: 'qwen3' }] },
        },
      },
      agents: { defaults: { model: { primary: 'openai-compatible/qwen3' } } },
    });
    const withKey = {
      ...served,
      models: { providers: { 'openai-compatible': { baseUrl: 'http://old/v1', apiKey: 'sk-1' } } },
    };
    const changed = repaired(withKey, { ...plain, modelServer: { ...modelServer, model: 'llama' } });
    expect(changed).toMatchObject({
      models: { providers: { 'openai-compatible': { baseUrl: modelServer.baseUrl, apiKey: 'sk-1' } } },
      agents: { defaults: { model: { primary: 'openai-compatible/llama' } } },
    });
    const own = { agents: { defaults: { model: { primary: 'openai/gpt' } } } };
    expect(repaired(own, { ...plain, modelServer }).agents).toMatchObject(own.agents);
  });
});
