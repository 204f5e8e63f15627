import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** A file of the room `gateway/`, which stands beside this one whether the runner is bundled or not. */
export function gatewayFile(...path: readonly string[]): string {
  const ours = findPackageJSON(import.meta.url);
  if (ours === undefined) throw new Error('The runner stands in no room.');
  return join(dirname(ours), '..', 'gateway', ...path);
}
