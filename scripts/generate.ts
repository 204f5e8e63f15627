/** Writes the files that are made from code; with `--check` it only says which of them are stale. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { actionsPage } from './generate/actions-page.ts';
import { generateTypes } from './generate/types/generate-types.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const generated: readonly { readonly path: string; readonly make: () => string | Promise<string> }[] = [
  { path: 'docs/actions.md', make: actionsPage },
  { path: 'shared/src/database.generated.ts', make: generateTypes },
];

const isCheck = process.argv.includes('--check');
const stale: string[] = [];
for (const { path, make } of generated) {
  const file = join(root, path);
  const text = await make();
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale.push(path);
  if (!isCheck) writeFileSync(file, text);
}
if (stale.length > 0) {
  process.stdout.write(
    isCheck
      ? `stale: ${stale.join(', ')}; run: npm run generate\n`
      : `${stale.map((path) => `wrote ${path}`).join('\n')}\n`,
  );
}
process.exitCode = isCheck && stale.length > 0 ? 1 : 0;
