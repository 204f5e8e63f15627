import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { schemaDirectory } from '../../db/src/schema-files.ts';
import { findTextPatches } from './text-patches.ts';

test('a migration that patches the text of a function is reported, and the release has none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hq-schema-'));
  try {
    for (const folder of ['schema', 'migrations', 'takeover', 'bootstrap']) {
      await cp(join(schemaDirectory, folder), join(directory, folder), { recursive: true });
    }
    expect(await findTextPatches(directory)).toEqual([]);
    await writeFile(
      join(directory, 'migrations/0001_patch.sql'),
      `do $$ begin execute replace(pg_get_functiondef('hq.claim'::regproc), 'a', 'b'); end $$;`,
    );
    expect(await findTextPatches(directory)).toEqual([
      '0001_patch patches the text of a function: write the whole function in functions.sql',
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
