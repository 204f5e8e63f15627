import { HqError } from '@hq/shared/errors';
import { readSecretsKeys, type SecretsKeys } from '@hq/shared/secrets';
import { findLocalKeys } from '../session/local-stack.ts';
import { readEnvFile, type Settings } from './env-file.ts';

/** Keys that only the host of an HQ has, which encrypt its secrets. */
export interface HostKeys {
  readonly keys: SecretsKeys;
  /** For `secrets rekey` only. */
  readonly serviceRoleKey: string | null;
  /** File or HQ that the keys come from, for messages. */
  readonly source: string;
}

const defaultEnvFile = '/etc/hq/hq.env';

/**
 * Reads the keys of the HQ at this address, from the environment file of its host or from the HQ that `npm start` runs here.
 * They are read for every call, so that a changed key counts at once. Fails on every other machine with the `call` to run on
 * the host.
 */
export async function findHostKeys(env: NodeJS.ProcessEnv, url: string, call: string): Promise<HostKeys> {
  const named = env.HQ_ENV_FILE;
  const path = named || defaultEnvFile;
  // The local HQ first: an environment file beside it is of another one.
  const local = named ? null : await findLocalKeys(env);
  if (local !== null && isSame(local.url, url)) {
    const settings = { SUPABASE_SERVICE_ROLE_KEY: local.serviceRoleKey };
    return hostKeys(settings, 'the HQ that runs here');
  }
  const settings = await readEnvFile(path);
  if (settings === null) throw noKeys(named ? `There is no file ${path}.` : null, call);
  const { SUPABASE_URL: itsUrl } = settings;
  if (!itsUrl) {
    throw new HqError('usage', `${path} does not say which HQ it belongs to.`, {
      hint: 'It needs a line with SUPABASE_URL.',
    });
  }
  if (!isSame(itsUrl, url)) {
    throw new HqError('refused', `${path} belongs to another HQ, at ${hostOf(itsUrl)}.`, {
      hint: `Secrets that are encrypted with its keys cannot be read at ${hostOf(url)}. Run \`${call}\` on the host of that one.`,
    });
  }
  return hostKeys(settings, path);
}

function hostKeys(settings: Settings, source: string): HostKeys {
  return {
    keys: readSecretsKeys(settings),
    serviceRoleKey: settings.SUPABASE_SERVICE_ROLE_KEY || null,
    source,
  };
}

function noKeys(why: string | null, call: string): HqError {
  return new HqError('refused', why ?? 'The key that encrypts secrets is not on this machine.', {
    hint: `It stays on the host of HQ, in ${defaultEnvFile} or where HQ_ENV_FILE says. There it is \`${call}\`; from here, \`ssh -t HOST ${call}\`.`,
  });
}

function isSame(one: string, other: string): boolean {
  return originOf(one) !== null && originOf(one) === originOf(other);
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}

/** Host and port alone: an address may hold credentials. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is none';
}
