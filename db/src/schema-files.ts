import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';

export interface SqlFile {
  /** Such as `fleet/tables`, or `0001_add_region` for a migration. */
  readonly name: string;
  readonly sql: string;
  /** sha256 of the file, hex. */
  readonly checksum: string;
}

/** Every SQL file of this release, each list in the order in which it applies. */
export interface SchemaFiles {
  /** Applied once: the tables of each concept. */
  readonly tables: readonly SqlFile[];
  /** Applied once, after the tables: what changed since the baseline. */
  readonly migrations: readonly SqlFile[];
  /** Applied again whenever one of them changes: functions with their triggers. */
  readonly functions: readonly SqlFile[];
  /** Applied after the functions, and whenever a database breaks a rule that `hq-db verify` checks. */
  readonly rights: readonly SqlFile[];
  /** The migrations of databases older than the baseline, and the file that brings their result to it. */
  readonly takeover: { readonly migrations: readonly SqlFile[]; readonly baseline: SqlFile };
}

/** The folders of `schema/`. A concept may use the tables, types and functions of those before it. */
const concepts = [
  'foundation',
  'tenancy',
  'fleet',
  'commands',
  'queue',
  'audit',
  'alerts',
  'work',
  'usage',
  'dispatch',
  'routines',
  'secrets',
  'chat',
  'chat_commands',
  'chat_queries',
  'chat_alerts',
  'agents',
  'pairing',
  'agent_api',
  'questions',
  'health',
  'legacy',
] as const;

export const schemaDirectory = join(import.meta.dirname, '..');

async function readSqlFile(path: string, name: string): Promise<SqlFile> {
  const sql = await readFile(path, 'utf8');
  return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
}

async function readNumbered(directory: string): Promise<SqlFile[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort();
  return Promise.all(names.map((file) => readSqlFile(join(directory, file), file.slice(0, -'.sql'.length))));
}

type Kind = 'tables' | 'functions' | 'rights';

/** A file of another name holds functions of one subject. */
const kindOf = (file: string): Kind =>
  file === 'tables.sql' ? 'tables' : file === 'rights.sql' ? 'rights' : 'functions';

async function readConcepts(directory: string, kind: Kind): Promise<SqlFile[]> {
  const folders = await readdir(directory);
  const unlisted = folders.find((folder) => !concepts.some((concept) => concept === folder));
  if (unlisted !== undefined) {
    throw new HqError('failed', `schema/${unlisted} is not in the list of concepts`, {
      hint: 'Add it to `concepts` in db/src/schema-files.ts, after the concepts that it uses.',
    });
  }
  const files: SqlFile[] = [];
  for (const concept of concepts) {
    const folder = (await readdir(join(directory, concept))).filter((file) => file.endsWith('.sql')).sort();
    for (const file of folder.filter((each) => kindOf(each) === kind)) {
      files.push(
        await readSqlFile(join(directory, concept, file), `${concept}/${file.slice(0, -'.sql'.length)}`),
      );
    }
  }
  return files;
}

/** Reads `schema/`, `migrations/` and `takeover/` of a folder. */
export async function readSchemaFiles(directory: string = schemaDirectory): Promise<SchemaFiles> {
  const schema = join(directory, 'schema');
  const takeover = join(directory, 'takeover');
  const [tables, functions, rights, migrations, oldMigrations, baseline] = await Promise.all([
    readConcepts(schema, 'tables'),
    readConcepts(schema, 'functions'),
    readConcepts(schema, 'rights'),
    readNumbered(join(directory, 'migrations')),
    readNumbered(takeover),
    readSqlFile(join(takeover, 'baseline.sql'), 'takeover/baseline'),
  ]);
  return { tables, functions, rights, migrations, takeover: { migrations: oldMigrations, baseline } };
}

/** Maps each name of a table or function of `public` to the concept whose files define it, or describe a migration's table. */
export async function schemaOf(names: readonly string[]): Promise<Map<string, string>> {
  const { tables, functions, rights } = await readSchemaFiles();
  const homes = new Map<string, string>();
  for (const name of names) {
    const definition = new RegExp(`(table (if not exists )?|function )public\\.${name}\\b(?! is)`);
    const description = new RegExp(`comment on table public\\.${name}\\b`);
    const file =
      tables.find(({ sql }) => definition.test(sql)) ??
      functions.find(({ sql }) => definition.test(sql)) ??
      rights.find(({ sql }) => description.test(sql));
    const [concept] = file?.name.split('/') ?? [];
    if (concept !== undefined) homes.set(name, concept);
  }
  return homes;
}
