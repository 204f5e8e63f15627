import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

/** Returns the path of a file of this package, bundled or not. */
export function gatewayFile(...path: readonly string[]): string {
  const packageJson = findPackageJSON(import.meta.url);
  if (packageJson === undefined) throw new Error('hq-gateway is in no package.');
  return join(dirname(packageJson), ...path);
}
