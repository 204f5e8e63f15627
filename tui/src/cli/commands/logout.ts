import {
  fileStorage,
  loginFilePath,
  readLogin,
  rememberSignedOut,
  removeLogin,
} from '@hq/shared/connection-settings';
import { HqError } from '@hq/shared/errors';
import { findLocalStack } from '../../session/local-stack.ts';
import type { AddCommand } from '../command.ts';
import type { Console } from '../output/console.ts';

export const addLogout: AddCommand = (parent, console) => {
  parent
    .command('logout')
    .description('sign out on this machine')
    .action(() => logout(console));
};

/** Ends the session at the server if it can be reached, and removes it here. */
async function logout(console: Console): Promise<void> {
  const { env } = console;
  const path = loginFilePath(env);
  // A damaged file is removed like any other.
  const stored = await readLogin(path).catch(() => null);
  try {
    if (stored !== null) {
      const { connect } = await import('@hq/shared/client');
      await connect({ ...stored, storage: fileStorage(path, stored.url, stored.anonKey) }).signOut();
    }
  } catch (error) {
    if (!(error instanceof HqError)) throw error;
    console.say(`The session at the server was not ended: ${error.message}`);
  } finally {
    await removeLogin(path);
  }
  if ((await findLocalStack(env)) !== null) await rememberSignedOut(path, true);
  console.say('Signed out.');
  if (env.SUPABASE_URL && env.HQ_EMAIL && env.HQ_PASSWORD) {
    console.say('HQ_EMAIL and HQ_PASSWORD sign in all the same: unset them to stay signed out.');
  }
}
