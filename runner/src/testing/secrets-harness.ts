import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@hq/shared/log';
import { readSecretsKeys, type SecretsKey, type SecretsKeys, seal } from '@hq/shared/secrets';
import { createRedactor, type Redactor } from '@hq/shared/text';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { connectDatabase } from '../database.ts';
import { SecretsSync, type SecretsSyncOptions } from '../secrets/secrets-sync.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

interface SecretRow {
  readonly id: string;
  readonly key: string;
  readonly sync_status: string;
  readonly sync_error: string | null;
  readonly has_synced: boolean;
}

/** A database with its API behind a proxy, a gateway, and a directory for its secrets. */
export interface SecretsHarness {
  readonly stack: TestStack;
  readonly proxy: FaultProxy;
  readonly gateway: string;
  readonly keys: SecretsKeys;
  readonly path: string;
  readonly redactor: Redactor;
  /** Creates or updates a secret. */
  store(key: string, value: string, options?: { agent?: string; under?: SecretsKey }): Promise<string>;
  /** Creates many secrets with one statement. */
  storeAll(rows: readonly { key: string; value: string; agent?: string }[]): Promise<void>;
  rows(): Promise<readonly SecretRow[]>;
  row(key: string): Promise<SecretRow>;
  open(options?: Partial<SecretsSyncOptions>): SecretsSync;
  file(name: string): string;
  /** Returns every file of the directory with its mode, sorted. */
  files(): readonly string[];
  close(): Promise<void>;
}

export async function startSecretsHarness(): Promise<SecretsHarness> {
  // Over 60 lines: one short method after the other.
  const stack = await startTestStack();
  const proxy = await startFaultProxy(stack.url);
  const directory = mkdtempSync(join(tmpdir(), 'hq-secrets-'));
  const path = join(directory, 'secrets');
  const gateway = await stack.database.addGateway(`g${Date.now()}`);
  const keys = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey });
  const redactor = createRedactor([]);
  const syncs: SecretsSync[] = [];
  const database = connectDatabase({ url: proxy.url, serviceRoleKey: stack.serviceRoleKey });

  const store: SecretsHarness['store'] = async (key, value, { agent = null, under = keys.current } = {}) => {
    const [row] = await stack.database.query<{ id: string }>(
      `with old as (
         update secrets set encrypted_value = $3 where gateway_id = $1 and key = $2 and agent_id is not distinct from $4
         returning id
       ), new as (
         insert into secrets (gateway_id, key, encrypted_value, agent_id)
         select $1, $2, $3, $4 where not exists (select from old) returning id
       ) select id from old union all select id from new`,
      [gateway, key, seal(value, under), agent],
    );
    if (row === undefined) throw new Error('nothing was stored');
    return row.id;
  };
  const rows: SecretsHarness['rows'] = () =>
    stack.database.query<SecretRow & Record<string, unknown>>(
      `select id, key, sync_status, sync_error, last_synced_at is not null as has_synced from secrets
       where gateway_id = $1 order by key, agent_id nulls first`,
      [gateway],
    );

  return {
    stack,
    proxy,
    gateway,
    keys,
    path,
    redactor,
    store,
    storeAll: async (all) => {
      await stack.database.query(
        `insert into secrets (gateway_id, key, encrypted_value, agent_id)
         select $1, r.key, r.value, r.agent from jsonb_to_recordset($2) r (key text, value text, agent uuid)`,
        [gateway, JSON.stringify(all.map((row) => ({ ...row, value: seal(row.value, keys.current) })))],
      );
    },
    rows,
    row: async (key) => {
      const row = (await rows()).find((one) => one.key === key);
      if (row === undefined) throw new Error(`no secret ${key}`);
      return row;
    },
    open: (options = {}) => {
      const sync = new SecretsSync({
        database,
        gatewayId: gateway,
        keys,
        path,
        redactor,
        log: createLog('silent', redactor),
        ...options,
      });
      syncs.push(sync);
      return sync;
    },
    file: (name) => readFileSync(join(path, name), 'utf8'),
    files: () =>
      readdirSync(path, { recursive: true, encoding: 'utf8' })
        .map((name) => `${(statSync(join(path, name)).mode & 0o777).toString(8)} ${name}`)
        .sort(),
    close: async () => {
      await Promise.all(syncs.map((sync) => sync.close()));
      database.close();
      await proxy.close();
      await stack.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
