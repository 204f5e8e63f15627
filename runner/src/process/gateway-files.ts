import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** Returns the path of hq-gateway: its bundle where this program is a bundle, else its source. */
export function gatewayProgram(): string {
  const bundle = gatewayFile('dist', 'hq-gateway.js');
  const isBundled = import.meta.url.endsWith('.js');
  return isBundled && existsSync(bundle) ? bundle : gatewayFile('src', 'main.ts');
}

const description = z.object({ dependencies: z.object({ openclaw: z.string() }) });

/** Returns the version of OpenClaw that the package `gateway/` depends on. */
export async function openClawVersion(): Promise<string> {
  const text = await readFile(gatewayFile('package.json'), 'utf8');
  return description.parse(JSON.parse(text)).dependencies.openclaw;
}

/** Returns the path of a file of the package `gateway/`, which is next to this one, bundled or not. */
function gatewayFile(...path: readonly string[]): string {
  const packageJson = findPackageJSON(import.meta.url);
  if (packageJson === undefined) throw new Error('The runner is in no package.');
  return join(dirname(packageJson), '..', 'gateway', ...path);
}
