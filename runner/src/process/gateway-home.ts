import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { writePrivate } from '@hq/shared/program';
import { z } from 'zod';
import { gatewayFile } from './gateway-files.ts';

/** Directory of a gateway without a container, and everything needed to start it. */
export type GatewayHome = Readonly<Awaited<ReturnType<typeof prepareGatewayHome>>>;

/**
 * Creates what is missing: private directories, the configuration, a random token. `config` is the configuration of the
 * first start; by default the one of the package `gateway/`.
 */
export async function prepareGatewayHome(directory: string, config?: string | undefined) {
  const stateDirectory = join(directory, '.openclaw');
  try {
    for (const path of [directory, stateDirectory, join(directory, 'tmp')]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
    await chmod(stateDirectory, 0o700);
    const configFile = join(stateDirectory, 'openclaw.json');
    if (!existsSync(configFile))
      await writePrivate(
        configFile,
        await readFile(config ?? gatewayFile('config', 'openclaw.json'), 'utf8'),
      );
    return {
      directory,
      stateDirectory,
      /** Records the running gateway, for the successor of a killed runner. */
      pidFile: join(directory, 'gateway.pid'),
      /** Token of the gateway's port; never logged, never in argv. */
      token: await readToken(join(stateDirectory, 'gateway-token')),
      ...(await findOpenClaw()),
    };
  } catch (cause) {
    if (cause instanceof HqError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HqError('failed', `The gateway’s home cannot be prepared: ${reason}`, {
      hint: 'Set GATEWAY_HOME to a directory that this user may write, and GATEWAY_CONFIG to a file that exists.',
      cause,
    });
  }
}

async function findOpenClaw(): Promise<{ program: string; version: string }> {
  const description = findPackageJSON('openclaw', import.meta.url);
  if (description === undefined) {
    throw new HqError('failed', 'OpenClaw is not installed.', { hint: 'Run `npm ci` in HQ’s directory.' });
  }
  const { version, bin } = z
    .object({ version: z.string(), bin: z.object({ openclaw: z.string() }) })
    .parse(JSON.parse(await readFile(description, 'utf8')));
  return { program: join(dirname(description), bin.openclaw), version };
}

async function readToken(file: string): Promise<string> {
  if (!existsSync(file)) await writePrivate(file, randomBytes(32).toString('hex'));
  const token = (await readFile(file, 'utf8')).trim();
  if (token.length >= 32) return token;
  throw new HqError('failed', `The gateway’s token in ${file} is too short.`, {
    hint: 'Remove the file; the next start creates a new token.',
  });
}
