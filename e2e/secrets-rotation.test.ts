import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSecretsKeys, unseal } from '@hq/shared/secrets';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startLocalApi } from '../local/src/api/local-api.ts';
import { apiKeysFor } from '../local/src/api/tokens.ts';
import type { StackMember } from '../local/testing/stack.ts';
import { type RunnerHarness, startRunnerHarness, until } from '../runner/src/testing/runner-harness.ts';
import { type CallResult, call } from '../tui/testing/call.ts';
import { plantedPem, plantedValue, type SecretsHost, secretsHost } from '../tui/testing/secrets-host.ts';

const limitMs = 60_000;

let harness: RunnerHarness;
let host: SecretsHost;
let admin: StackMember;
let anonKey: string;
let closeApi: () => Promise<void>;
beforeEach(async () => {
  harness = await startRunnerHarness();
  host = await secretsHost(harness.stack, harness.gateway);
  admin = await harness.stack.createMember('admin');
  anonKey = harness.stack.anonKey;
  closeApi = async () => undefined;
});
afterEach(async () => {
  await host?.remove();
  await closeApi?.();
  await harness?.close();
});

function hqTui(envFile: string, args: readonly string[], input = ''): Promise<CallResult> {
  const env = {
    HOME: host.folder,
    XDG_STATE_HOME: host.folder,
    SUPABASE_URL: harness.stack.url,
    SUPABASE_ANON_KEY: anonKey,
    HQ_EMAIL: admin.email,
    HQ_PASSWORD: admin.password,
    HQ_ENV_FILE: envFile,
  };
  return call(['secrets', ...args], { env, input });
}

const gatewayFile = (): string => {
  const file = join(harness.secretsDirectory, 'gateway.env');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

it('a service-role key is rotated as docs/secrets.md describes, and no value is ever missing', {
  timeout: 240_000,
}, async () => {
  const before = harness.stack.serviceRoleKey;
  const fresh = await apiKeysFor(randomBytes(32).toString('hex'));
  const now = fresh.serviceRoleKey;
  const [plain, pem] = [plantedValue(), plantedPem()];
  const files = {
    before: host.envFile,
    both: await host.write('both.env', {
      SUPABASE_URL: harness.stack.url,
      SUPABASE_SERVICE_ROLE_KEY: now,
      SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: before,
    }),
    now: await host.write('now.env', { SUPABASE_URL: harness.stack.url, SUPABASE_SERVICE_ROLE_KEY: now }),
  };

  const first = await harness.startRunner();
  expect(
    await hqTui(files.before, ['set', 'PLAIN', '--gateway', harness.gateway, '--wait'], plain),
  ).toMatchObject({ code: 0 });
  expect(
    await hqTui(files.before, ['set', 'TLS_KEY', '--gateway', harness.gateway, '--wait'], pem),
  ).toMatchObject({ code: 0 });
  const lines = gatewayFile();
  expect(lines).toBe(`PLAIN='${plain}'\nTLS_KEY='${pem}'\n`);

  // A host that already has the new key learns that the runner has not.
  const early = await hqTui(files.both, ['rotate', 'PLAIN', '--gateway', harness.gateway], 'too early');
  expect(early.code).toBe(3);
  expect(early.stderr).toContain('has another key');

  // The project gets its new keys, and knows the old ones no more.
  await harness.stopApi();
  const { database, port } = harness.stack;
  const api = await startLocalApi({ databaseUrl: database.url, keys: fresh, port });
  closeApi = () => api.close();
  anonKey = fresh.anonKey;

  // 1 and 2: both keys in the file, then a new runner.
  await first.stop();
  const second = await harness.startRunner({
    SUPABASE_SERVICE_ROLE_KEY: now,
    SUPABASE_SERVICE_ROLE_KEY_PREVIOUS: before,
  });
  expect(gatewayFile()).toBe(lines);
  const added = plantedValue();
  await until(
    'the runner to tell of its new key',
    async () => {
      const { code } = await hqTui(
        files.both,
        ['set', 'ADDED', '--gateway', harness.gateway, '--wait'],
        added,
      );
      return code === 0;
    },
    limitMs,
  );

  // 3: the dry run, and the re-keying.
  expect((await hqTui(files.both, ['rekey', '--dry-run'])).stdout).toBe('2 to do, 1 done, 0 unreadable\n');
  expect(await hqTui(files.both, ['rekey', '--yes'])).toMatchObject({
    code: 0,
    stdout: '2 encrypted anew\n',
  });

  // 4: the former key goes.
  await second.stop();
  await harness.startRunner({ SUPABASE_SERVICE_ROLE_KEY: now });
  expect(gatewayFile()).toBe(`ADDED='${added}'\n${lines}`);
  const { stdout } = await hqTui(files.now, ['list']);
  expect(stdout.match(/ active /g)).toHaveLength(3);
  expect(
    await hqTui(files.now, ['rotate', 'PLAIN', '--gateway', harness.gateway, '--wait'], 'the last one'),
  ).toMatchObject({ code: 0 });
  expect(gatewayFile()).toContain(`PLAIN='the last one'\n`);
  const stored = await harness.stack.database.query<{ encrypted_value: string }>(
    'select encrypted_value from secrets',
  );
  const keys = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: now });
  expect(stored.map(({ encrypted_value }) => unseal(encrypted_value, keys).plaintext).toSorted()).toEqual(
    [added, 'the last one', pem].toSorted(),
  );
});
