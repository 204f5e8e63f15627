/** Writes the files that are made from code; with `--check` it only says which of them are stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { findBreaches } from '../db/src/schema-rules.ts';
import { readSchemaText } from '../db/src/schema-text.ts';
import { actionsPage } from './generate/actions-page.ts';
import { apiPage } from './generate/api-page.ts';
import { withMigratedDatabase } from './generate/migrated-database.ts';
import { findTextPatches } from './generate/text-patches.ts';
import { readCatalog } from './generate/types/catalog.ts';
import { writeTypes } from './generate/types/write-types.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const schemaHeader =
  '-- The whole schema of a fresh project, made by `npm run generate` for readers and reviews; nothing runs it.';

const generated: readonly {
  readonly path: string;
  readonly make: (client: pg.Client) => string | Promise<string>;
}[] = [
  { path: 'docs/actions.md', make: actionsPage },
  { path: 'docs/api.md', make: apiPage },
  { path: 'shared/src/database.generated.ts', make: async (client) => writeTypes(await readCatalog(client)) },
  {
    path: 'db/schema.generated.sql',
    make: async (client) => `${schemaHeader}\n\n${await readSchemaText(client)}`,
  },
];

const isCheck = process.argv.includes('--check');
const stale: string[] = [];
const faults = await withMigratedDatabase(async (client) => {
  for (const { path, make } of generated) {
    const file = join(root, path);
    const text = await make(client);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    stale.push(path);
    if (!isCheck) writeFileSync(file, text);
  }
  // A catalogue action without its function is among the breaches.
  return [...(await findBreaches(client)), ...(await findTextPatches(join(root, 'db')))];
});
for (const fault of faults) process.stdout.write(`${fault}\n`);
if (stale.length > 0) {
  process.stdout.write(
    isCheck
      ? `stale: ${stale.join(', ')}; run: npm run generate\n`
      : `${stale.map((path) => `wrote ${path}`).join('\n')}\n`,
  );
}
process.exitCode = faults.length > 0 || (isCheck && stale.length > 0) ? 1 : 0;
