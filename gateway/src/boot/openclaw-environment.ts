import { delimiter, dirname, join } from 'node:path';
import type { Variables } from '@hq/shared/environment';
import type { GatewayPaths } from '../environment.ts';

/** Variables that OpenClaw gets from hq-gateway's environment. Agents without a jail can read all of them. */
const passed = [
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
] as const;

/** Returns the environment of OpenClaw: the passed variables and its own settings, nothing else. */
export function openClawEnvironment(
  variables: Variables,
  paths: GatewayPaths,
  token: string,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    PATH: `${dirname(process.execPath)}${delimiter}${variables.PATH ?? ''}`,
    OPENCLAW_STATE_DIR: paths.state,
    OPENCLAW_GATEWAY_TOKEN: token,
    // Makes a failed start exit, instead of letting a model with shell tools repair it.
    OPENCLAW_SUPERVISOR_MODE: 'external',
    OPENCLAW_NO_RESPAWN: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_NO_AUTO_UPDATE: '1',
    DO_NOT_TRACK: '1',
    // Ten awake agents take 1.26 GB instead of 1.72 after a minute of rest.
    MALLOC_ARENA_MAX: '2',
  };
  for (const name of passed) {
    const value = variables[name];
    if (value !== undefined && value !== '') env[name] = value;
  }
  // With a compile cache of HQ's, OpenClaw needs no launcher process that would set one.
  env.NODE_COMPILE_CACHE ??= join(paths.state, 'cache', 'compile');
  env.OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED = '1';
  return env;
}
