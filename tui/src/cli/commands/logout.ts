import { fileStorage, loginFilePath, readLogin, removeLogin } from '@hq/shared/connection-settings';
import { HqError } from '@hq/shared/errors';
import type { AddCommand } from '../command.ts';
import type { Console } from '../output/console.ts';

export const addLogout: AddCommand = (parent, console) => {
  parent
    .command('logout')
    .description('sign out on this machine')
    .action(() => logout(console));
};

/** Removes the session here, and at the server if it can be reached. */
async function logout(console: Console): Promise<void> {
  const path = loginFilePath(console.env);
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
  console.say('Signed out.');
}
