import { connect, fileStorage, loginFilePath, readLogin, removeLogin } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import type { Console } from './console.ts';
import { askWho, enter } from './enter.ts';
import { findLocalStack } from './local-stack.ts';
import { askLine, askSecret, readSecretFromInput } from './question.ts';
import { memberShape } from './shapes.ts';

export interface LoginOptions {
  readonly url?: string | undefined;
  readonly anonKey?: string | undefined;
  readonly email?: string | undefined;
}

/** Signs in and keeps the session in the login file. The password is never an argument. */
export async function login(console: Console, options: LoginOptions): Promise<void> {
  const { env } = console;
  const path = loginFilePath(env);
  const { url, anonKey } = await findAddress(console, path, options);
  const email =
    options.email ?? (env.HQ_EMAIL || (await askIfPossible(console, 'Email: ', 'email', '--email')));
  const password = env.HQ_PASSWORD || (await readPassword(console));
  const client = connect({ url, anonKey, storage: fileStorage(path, url, anonKey) });
  await client.signIn(email, password);
  const member = await askWho(client);
  console.say(`Signed in to ${client.host} as ${plain(member.email ?? email)} (${member.role}).`);
}

/** Forgets the session, here at once and at the server where it can be reached. */
export async function logout(console: Console): Promise<void> {
  const path = loginFilePath(console.env);
  // A damaged file is removed like any other.
  const stored = await readLogin(path).catch(() => null);
  try {
    if (stored !== null) {
      await connect({ ...stored, storage: fileStorage(path, stored.url, stored.anonKey) }).signOut();
    }
  } catch (error) {
    if (!(error instanceof HqError)) throw error;
    console.say(`The server was not told: ${error.message}`);
  } finally {
    await removeLogin(path);
  }
  console.say('Signed out.');
}

export async function tellWhoami(console: Console, options: { readonly json: boolean }): Promise<void> {
  const { client, member } = await enter(console.env);
  if (options.json) {
    console.printJson(memberShape(member, client.host));
    return;
  }
  const tenant = plain(member.tenant_name ?? member.tenant_id);
  console.print(`${plain(member.email ?? member.user_id)} (${member.role}) in ${tenant} at ${client.host}`);
}

async function findAddress(
  console: Console,
  path: string,
  options: LoginOptions,
): Promise<{ url: string; anonKey: string }> {
  const known = (await readLogin(path)) ?? (await findLocalStack(console.env));
  const url = options.url ?? (console.env.SUPABASE_URL || known?.url);
  const address = url ?? (await askIfPossible(console, 'Address of the HQ: ', 'address', '--url'));
  const knownKey = known?.url === address ? known.anonKey : undefined;
  const anonKey = options.anonKey ?? (console.env.SUPABASE_ANON_KEY || knownKey);
  return {
    url: address,
    anonKey: anonKey ?? (await askIfPossible(console, 'Anon key: ', 'anon key', '--anon-key')),
  };
}

async function askIfPossible(
  console: Console,
  question: string,
  what: string,
  field: string,
): Promise<string> {
  if (console.canAsk) return askLine(question);
  throw new HqError('usage', `The ${what} is not given, and there is no terminal to ask on.`, { field });
}

async function readPassword(console: Console): Promise<string> {
  const password = console.canAsk ? await askSecret('Password: ') : await readSecretFromInput();
  if (password !== '') return password;
  throw new HqError('usage', 'No password was given.', {
    hint: 'Type it, or hand it in on standard input or as HQ_PASSWORD.',
  });
}
