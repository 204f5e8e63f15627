import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import { gatewayProgram, openClawVersion } from './gateway-files.ts';

/** Directory of a gateway without a container, and everything needed to start it. */
export type GatewayHome = Readonly<Awaited<ReturnType<typeof prepareGatewayHome>>>;

/** Creates the private directories that are missing. `variables` are settings of hq-gateway. */
export async function prepareGatewayHome(
  directory: string,
  variables: Readonly<Record<string, string>> = {},
) {
  const stateDirectory = join(directory, '.openclaw');
  const hqDirectory = join(stateDirectory, 'hq');
  try {
    for (const path of [directory, stateDirectory, hqDirectory, join(directory, 'tmp')]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
  } catch (cause) {
    throw new HqError('failed', `The gateway’s home cannot be prepared: ${fileFault(cause)}.`, {
      hint: 'Set GATEWAY_HOME to a directory that this user may write.',
      cause,
    });
  }
  return {
    directory,
    stateDirectory,
    variables,
    /** Records the running gateway, for the successor of a killed runner. */
    pidFile: join(directory, 'gateway.pid'),
    controlSocket: await socketPath(join(hqDirectory, 'control.sock')),
    program: gatewayProgram(),
    version: await openClawVersion(),
  };
}

/** Bytes that the kernel allows for the path of a Unix socket. */
const longestSocketPath = 107;

/** Returns the path, or for a deep home one in a new private directory of the system's. */
async function socketPath(path: string): Promise<string> {
  if (Buffer.byteLength(path) <= longestSocketPath) return path;
  return join(await mkdtemp(join(tmpdir(), 'hq-control-')), 'control.sock');
}
