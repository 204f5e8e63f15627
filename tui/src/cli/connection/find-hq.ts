import {
  addressOf,
  type ConnectOptions,
  fileStorage,
  type HqClient,
  isSignedOut,
  loginFilePath,
  memoryStorage,
  readLogin,
} from '@hq/shared/connection-settings';
import { HqError } from '@hq/shared/errors';
import { findLocalStack } from '../../session/local-stack.ts';

/** Source of the sign-in of a call: the stored login, `HQ_EMAIL` and `HQ_PASSWORD`, or the HQ that runs on this machine. */
export type SignedInBy = 'login' | 'environment' | 'local';

/** An HQ, and the credentials for it. */
export interface FoundHq {
  /** Host and port, for messages. */
  readonly host: string;
  /** Loads the client, which is large, and sends nothing yet. */
  readonly connect: () => Promise<HqClient>;
  /** From the environment or the local stack; a stored login has its own session. */
  readonly credentials: { readonly email: string; readonly password: string } | null;
  readonly signedInBy: SignedInBy;
  /** True for the HQ that `npm start` runs here, whose port may change. */
  readonly isLocal: boolean;
}

const howToSignIn =
  'Sign in with `hq-tui login`, or set SUPABASE_URL and SUPABASE_ANON_KEY, or start one here with `npm start`.';

/**
 * Finds an HQ: from the environment, else the stored login, else the HQ that runs on this machine. Sends nothing. Fails with
 * `unauthenticated` if there is none.
 */
export async function findHq(env: NodeJS.ProcessEnv): Promise<FoundHq> {
  const login = loginFilePath(env);
  const url = env.SUPABASE_URL;
  const anonKey = env.SUPABASE_ANON_KEY;
  if (url && anonKey) {
    const credentials = readCredentials(env);
    // The auth client reads the file in the background, where a damaged one would end the process.
    if (credentials === null) await readLogin(login);
    // A call with a password must not change the stored login.
    const storage = credentials === null ? fileStorage(login, url, anonKey) : memoryStorage();
    return found({ url, anonKey, storage }, credentials, credentials === null ? 'login' : 'environment');
  }
  if (url || anonKey) {
    throw new HqError('usage', `${url ? 'SUPABASE_URL' : 'SUPABASE_ANON_KEY'} is set alone.`, {
      hint: `Set ${url ? 'SUPABASE_ANON_KEY' : 'SUPABASE_URL'} too, or neither.`,
    });
  }
  const stored = await readLogin(login);
  if (stored !== null) {
    const storage = fileStorage(login, stored.url, stored.anonKey);
    return found({ ...stored, storage }, null, 'login');
  }
  const local = await findLocalStack(env);
  if (local !== null) {
    const { url, anonKey, email, password } = local;
    if (!(await isSignedOut(login))) {
      return { ...found({ url, anonKey }, { email, password }, 'local'), isLocal: true };
    }
    return {
      ...found({ url, anonKey, storage: fileStorage(login, url, anonKey) }, null, 'login'),
      isLocal: true,
    };
  }
  throw new HqError('unauthenticated', 'No HQ is known here.', {
    hint: `${env.HQ_RUN_FILE ? `HQ_RUN_FILE names ${env.HQ_RUN_FILE}, and no HQ runs with that file. ` : ''}${howToSignIn}`,
  });
}

function found(
  options: ConnectOptions,
  credentials: FoundHq['credentials'],
  signedInBy: SignedInBy,
): FoundHq {
  return {
    host: addressOf(options).host,
    connect: async () => (await import('@hq/shared/client')).connect(options),
    credentials,
    signedInBy,
    isLocal: false,
  };
}

function readCredentials(env: NodeJS.ProcessEnv): FoundHq['credentials'] {
  const { HQ_EMAIL: email, HQ_PASSWORD: password } = env;
  if (email && password) return { email, password };
  if (!email && !password) return null;
  throw new HqError('usage', `${email ? 'HQ_EMAIL' : 'HQ_PASSWORD'} is set alone.`, {
    hint: `Set ${email ? 'HQ_PASSWORD' : 'HQ_EMAIL'} too, or neither.`,
  });
}
