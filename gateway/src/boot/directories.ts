import { chmod, mkdir } from 'node:fs/promises';
import { HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import type { GatewayPaths } from '../environment.ts';

/** Creates the private directories of the state that are missing. Throws `failed` where that cannot be done. */
export async function createDirectories(paths: GatewayPaths): Promise<void> {
  try {
    for (const directory of [paths.state, paths.hq, paths.agents, paths.controlDirectory]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
    await chmod(paths.state, 0o700);
    await chmod(paths.hq, 0o700);
  } catch (cause) {
    throw new HqError('failed', `The state of the gateway cannot be prepared: ${fileFault(cause)}.`, {
      hint: `Let this user own ${paths.state}, or set OPENCLAW_STATE_DIR to a directory that it may write.`,
      cause,
    });
  }
}
