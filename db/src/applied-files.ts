import type pg from 'pg';
import packageFile from '../package.json' with { type: 'json' };
import { findPlatformDrift, type PlatformDrift } from './platform-sync.ts';
import { findPolicyDrift, type PolicyDrift } from './policy-sync.ts';
import type { SchemaFiles, SqlFile } from './schema-files.ts';

interface AppliedFile {
  readonly name: string;
  readonly checksum: string;
  readonly applied_at: Date;
  /** Version of the hq-db that applied a repeatable file; null for a file that is applied once. */
  readonly release: string | null;
}

export interface FilesState {
  /** Applied tables and migrations, and the repeatable files as they were last applied. */
  readonly applied: readonly AppliedFile[];
  /** Files that were never applied, repeatable ones included. */
  readonly pending: readonly string[];
  /** Repeatable files that changed or were removed since they were applied. */
  readonly outdated: readonly string[];
  /** Applied once, but the file has changed since. */
  readonly changed: readonly string[];
  /** Applied, and no file here has the name: the database is newer than this program, or another HQ's. */
  readonly unknown: readonly string[];
  /** Version of the hq-db that applied the functions and rights, where it is newer than this one. */
  readonly newerRelease: string | null;
  /** True for a database with migrations from before the baseline. */
  readonly beforeBaseline: boolean;
}

export interface MigrationState extends FilesState {
  readonly policy: readonly PolicyDrift[];
  readonly platforms: readonly PlatformDrift[];
}

/** Creates the schema `hq` and the tables that record what was applied. */
export async function createAppliedFilesTables(client: pg.Client): Promise<void> {
  await client.query(`
    create schema if not exists hq;
    create table if not exists hq.migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default clock_timestamp());
    create table if not exists hq.repeatable_files (
      name text primary key, checksum text not null, applied_at timestamptz not null default clock_timestamp());
    alter table hq.repeatable_files add column if not exists release text not null default '0';
    create table if not exists hq.defined_objects (
      kind text not null check (kind in ('function', 'trigger', 'shared function')), identity text not null, primary key (kind, identity));
    create table if not exists hq.object_checksums (
      kind text not null, identity text not null, checksum text not null, primary key (kind, identity));
  `);
}

export async function recordApplied(client: pg.Client, { name, checksum }: SqlFile): Promise<void> {
  await client.query('insert into hq.migrations (name, checksum) values ($1, $2)', [name, checksum]);
}

/** Records the functions and rights of this release in place of those before it. */
export async function recordRepeatable(client: pg.Client, files: SchemaFiles): Promise<void> {
  await client.query('delete from hq.repeatable_files');
  await client.query(
    `insert into hq.repeatable_files (name, checksum, release)
     select f.name, f.checksum, $2 from jsonb_to_recordset($1) f (name text, checksum text)`,
    [JSON.stringify(repeatableFiles(files)), packageFile.version],
  );
}

const isNewer = (release: string) => release.localeCompare(packageFile.version, 'en', { numeric: true }) > 0;

async function readTable(
  client: pg.Client,
  table: 'migrations' | 'repeatable_files',
): Promise<AppliedFile[]> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
    `hq.${table}`,
  ]);
  if (!rows[0]?.there) return [];
  return (
    await client.query<AppliedFile>(
      `select name, checksum, applied_at, to_jsonb(f) ->> 'release' as release from hq.${table} f order by applied_at, name`,
    )
  ).rows;
}

export const repeatableFiles = ({ functions, rights }: SchemaFiles): readonly SqlFile[] => [
  ...functions,
  ...rights,
];

/** Compares what was applied with the files of this release. Changes nothing. */
export async function readFilesState(client: pg.Client, files: SchemaFiles): Promise<FilesState> {
  const once = await readTable(client, 'migrations');
  const repeated = await readTable(client, 'repeatable_files');
  const names = new Set(once.map(({ name }) => name));
  const oldFiles = files.takeover.migrations;
  const beforeBaseline = oldFiles.some(({ name }) => names.has(name));
  // The result of the old migrations is the baseline: its tables are recorded then, not applied.
  const wanted = beforeBaseline
    ? [...oldFiles, files.takeover.baseline, ...files.migrations]
    : [...files.tables, ...files.migrations];
  const repeatable = repeatableFiles(files);
  const fileOf = new Map([...wanted, ...repeatable].map((file) => [file.name, file]));
  const appliedChecksum = new Map(repeated.map(({ name, checksum }) => [name, checksum]));
  return {
    applied: [...once, ...repeated],
    pending: [
      ...wanted.filter(({ name }) => !names.has(name)),
      ...repeatable.filter(({ name }) => !appliedChecksum.has(name)),
    ].map(({ name }) => name),
    outdated: repeated
      .filter(({ name, checksum }) => fileOf.get(name)?.checksum !== checksum)
      .map(({ name }) => name),
    changed: once
      .filter(({ name, checksum }) => (fileOf.get(name)?.checksum ?? checksum) !== checksum)
      .map(({ name }) => name),
    unknown: once.filter(({ name }) => !fileOf.has(name)).map(({ name }) => name),
    newerRelease: repeated.map(({ release }) => release ?? '0').find(isNewer) ?? null,
    beforeBaseline,
  };
}

/** Compares a database with this release: files, the catalogue and the chat platforms. Changes nothing. */
export async function readState(client: pg.Client, files: SchemaFiles): Promise<MigrationState> {
  const { rows } = await client.query<{ actions: boolean; platforms: boolean }>(
    `select exists (select from pg_attribute where attrelid = to_regclass('hq.actions') and attname = 'executor') as actions,
       to_regclass('hq.chat_platforms') is not null as platforms`,
  );
  return {
    ...(await readFilesState(client, files)),
    policy: rows[0]?.actions ? await findPolicyDrift(client) : [],
    platforms: rows[0]?.platforms ? await findPlatformDrift(client) : [],
  };
}
