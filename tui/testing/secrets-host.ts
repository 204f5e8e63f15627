import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecretsKeys, seal, unseal } from '@hq/shared/secrets';
import type { TestStack } from '../../local/testing/stack.ts';

/** The environment file of an HQ's host, and what only that host can do: read the stored values. */
export interface SecretsHost {
  readonly folder: string;
  readonly envFile: string;
  /** Writes another environment file beside it, mode 0600 unless it is said otherwise. */
  write(name: string, settings: Readonly<Record<string, string>>, mode?: number): Promise<string>;
  /** The stored value of a key, decrypted with the keys of the environment file; every envelope of that name, by agent slug. */
  valuesOf(key: string): Promise<Readonly<Record<string, string>>>;
  /** Stores a secret as a face with another key would. */
  store(key: string, value: string, settings?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

export async function secretsHost(stack: TestStack, gateway: string): Promise<SecretsHost> {
  const folder = await mkdtemp(join(tmpdir(), 'hq-host-'));
  const settings = { SUPABASE_URL: stack.url, SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey };
  const write: SecretsHost['write'] = async (name, lines, mode = 0o600) => {
    const path = join(folder, name);
    const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
    await writeFile(path, text.join(''), { mode });
    return path;
  };
  const envFile = await write('hq.env', settings);
  return {
    folder,
    envFile,
    write,
    valuesOf: async (key) => {
      const rows = await stack.database.query<{ encrypted_value: string; slug: string | null }>(
        'select s.encrypted_value, a.slug from secrets s left join agents a on a.id = s.agent_id where s.key = $1',
        [key],
      );
      const keys = readSecretsKeys(settings);
      return Object.fromEntries(
        rows.map(({ encrypted_value, slug }) => [slug ?? '', unseal(encrypted_value, keys).plaintext]),
      );
    },
    store: async (key, value, others = settings) => {
      const [row] = await stack.database.query<{ id: string }>(
        `insert into secrets (gateway_id, key, encrypted_value) values ($1, $2, $3)
         on conflict (tenant_id, gateway_id, key) where agent_id is null
         do update set encrypted_value = excluded.encrypted_value returning id`,
        [gateway, key, seal(value, readSecretsKeys(others).current)],
      );
      if (row === undefined) throw new Error('the secret was not stored');
      return row.id;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A value that is nowhere by chance. */
export function plantedValue(): string {
  return `planted-${randomBytes(18).toString('base64url')}`;
}

/** A private key as people paste it: many lines, each found nowhere by chance. */
export function plantedPem(): string {
  const lines = Array.from({ length: 24 }, () => randomBytes(48).toString('base64'));
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----'].join('\n');
}

/** All that is stored, as text, save the key of the ciphertexts: what a planted value must not be found in. */
export async function everyRow(stack: TestStack): Promise<string> {
  const tables = await stack.database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'hq')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await stack.database.behindTheGuard(`select row_to_json(t)::text as row from ${name} t`);
    texts.push(...rows.map(({ row }) => String(row)));
  }
  return texts.join('\n');
}
