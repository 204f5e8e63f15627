import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSchemaFiles, schemaDirectory } from '../../db/src/schema-files.ts';

/** Ways to build a function out of another one's text, which no reader and no review can follow. */
const patches = /pg_get_functiondef|\bprosrc\b[^;]*\breplace\s*\(|regexp_replace\s*\([^;]*\bprosrc\b/;

/** One sentence for each SQL file that patches the text of a function. */
export async function findTextPatches(directory: string = schemaDirectory): Promise<string[]> {
  const { tables, functions, rights, migrations } = await readSchemaFiles(directory);
  const bootstrap = await readFile(join(directory, 'bootstrap/supabase.sql'), 'utf8');
  return [...tables, ...functions, ...rights, ...migrations, { name: 'bootstrap/supabase', sql: bootstrap }]
    .filter(({ sql }) => patches.test(sql))
    .map(({ name }) => `${name} patches the text of a function: write the whole function in functions.sql`);
}
