import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSecretsKeys, seal } from '@hq/shared/secrets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../testing/fault-proxy.ts';
import {
  type RunnerHarness,
  type RunningRunner,
  startRunnerHarness,
  until,
} from '../testing/runner-harness.ts';

const limitMs = 30_000;
const snapshots = '/rest/v1/rpc/secrets_snapshot';
const reports = '/rest/v1/rpc/secrets_synced';

let harness: RunnerHarness;
let proxy: FaultProxy;
beforeEach(async () => {
  harness = await startRunnerHarness();
  proxy = await startFaultProxy(harness.stack.url);
});
afterEach(async () => {
  await proxy?.close();
  await harness?.close();
});

const start = (environment: Readonly<Record<string, string>> = {}) =>
  harness.startRunner({ SUPABASE_URL: proxy.url, ...environment });

async function store(key: string, value: string): Promise<void> {
  const keys = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: harness.stack.serviceRoleKey });
  await harness.stack.database.query(
    `insert into secrets (gateway_id, key, encrypted_value) values ($1, $2, $3)
     on conflict (tenant_id, gateway_id, key) where agent_id is null do update set encrypted_value = excluded.encrypted_value`,
    [harness.gateway, key, seal(value, keys.current)],
  );
}

const gatewayFile = () => {
  const file = join(harness.secretsDirectory, 'gateway.env');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
const lands = (line: string) => until(`the line ${line}`, () => gatewayFile().includes(line), limitMs);
const trusts = (runner: RunningRunner) =>
  until('Realtime to be trusted', async () => (await runner.health()).realtime === 'trusted', limitMs);

const metaSecrets = async () => {
  const [row] = await harness.stack.database.query<{ secrets: Record<string, unknown> | null }>(
    `select meta -> 'secrets' as secrets from gateways where id = $1`,
    [harness.gateway],
  );
  return row?.secrets;
};

describe('a runner', () => {
  it('has its secrets on disk before it is ready, and reports which key it uses', async () => {
    await store('KEY', 'there already');
    const runner = await start();
    expect(gatewayFile()).toBe(`KEY='there already'\n`);
    const secrets = await until('the heartbeat', async () => (await metaSecrets()) ?? false, limitMs);
    const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: harness.stack.serviceRoleKey });
    expect(secrets).toEqual({
      keys: [current.fingerprint],
      state: 'ok',
      problem: null,
      synced_at: expect.stringMatching(/^\d{4}-/),
      channel_tokens: [],
    });
    expect((await runner.health()).secrets).toBe('ok');
  });

  it('syncs after a change by Realtime', async () => {
    const runner = await start();
    await trusts(runner);
    await store('KEY', 'first');
    await lands(`KEY='first'`);
    await store('KEY', 'second');
    await lands(`KEY='second'`);
    await harness.stack.database.query('delete from secrets');
    await until('the key to be gone', () => gatewayFile() === '', limitMs);
  });

  it('syncs after a change by its exchanges while Realtime is down', async () => {
    proxy.refuseWebSockets(true);
    await start();
    await store('KEY', 'polled');
    await lands(`KEY='polled'`);
  });

  it('turns a burst of changes into a few syncs, four a second at most', async () => {
    const runner = await start();
    await trusts(runner);
    const before = proxy.requests(snapshots) + proxy.requests(reports);
    const beganAt = performance.now();
    await Promise.all(Array.from({ length: 100 }, (_, number) => store(`KEY_${number}`, `value ${number}`)));
    await until('all of them', () => gatewayFile().split('\n').length === 101, limitMs);
    const syncs = 2 + (performance.now() - beganAt) / 250;
    expect(proxy.requests(snapshots) + proxy.requests(reports) - before).toBeLessThanOrEqual(2 * syncs);
  });

  it('reports in its heartbeat that the files are stale', async () => {
    const runner = await start({ HEARTBEAT_SECONDS: '1' });
    proxy.dropResponses(snapshots, 1_000);
    await store('KEY', 'value');
    await until('it to be stale', async () => (await metaSecrets())?.state === 'stale', limitMs);
    expect((await metaSecrets())?.problem).toContain('cannot be reached');
    expect((await runner.health()).fault).toContain('cannot be reached');
    proxy.dropResponses(snapshots, 0);
    await until('it to be well', async () => (await metaSecrets())?.state === 'ok', limitMs);
    expect(await metaSecrets()).toMatchObject({ problem: null });
  });
});

describe('a secret that a command shows', () => {
  it.each([
    ['plain', 'plantedSecret0123456789'],
    ['awkward', 'planted "quoted" \\ it’s $awkward & <long>'],
    [
      'of several lines',
      '-----BEGIN PRIVATE KEY-----\nplantedSecretLineOne\nplantedSecretLineTwo\n-----END PRIVATE KEY-----',
    ],
  ])('is found nowhere: %s', async (_what, value) => {
    await store('PLANTED', value);
    const runner = await start({ HEARTBEAT_SECONDS: '1' });
    const ended = await harness.ended(await harness.enqueue('tail_logs', { service: 'secret' }), limitMs);
    expect(ended.status).toBe('failed');
    expect(ended.error_message).toContain('[redacted]');
    const seen: string[] = [runner.rawLog(), JSON.stringify(await runner.health())];
    for (const table of [
      'agent_commands',
      'agent_command_output',
      'gateways',
      'audit_log',
      'notifications',
      'secrets',
    ]) {
      const rows = await harness.stack.database.query<{ text: string }>(
        `select t::text as text from ${table} t`,
      );
      seen.push(...rows.map((row) => row.text));
    }
    const everything = seen.join('\n');
    expect(everything).toContain('redacted');
    for (const line of value.split('\n').filter((part) => part.includes('planted'))) {
      for (const written of [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line)]) {
        expect(everything).not.toContain(written);
      }
    }
    expect(await runner.stop()).toBe(0);
    expect(runner.rawLog()).not.toContain('planted');
  });
});
