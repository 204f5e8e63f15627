import { fileStorage, loginFilePath, readLogin, rememberSignedOut } from '@hq/shared/connection-settings';
import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { z } from 'zod';
import { findLocalStack } from '../../session/local-stack.ts';
import { readMember } from '../../session/read-member.ts';
import { text } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import type { Console } from '../output/console.ts';
import { askLine, askSecret, readInputLine } from '../prompts/question.ts';

const optionsOf = z.object({ url: text, anonKey: text, email: text });
type LoginOptions = z.output<typeof optionsOf>;

export const addLogin: AddCommand = (parent, console) => {
  parent
    .command('login')
    .description('sign in, and stay signed in on this machine')
    .option('--url <url>', 'address of the HQ')
    .option('--anon-key <key>', 'its publishable key')
    .option('--email <email>', 'the account; the password is asked for, or read from standard input')
    .action((_options: unknown, self: Command) => login(console, optionsOf.parse(self.opts())));
};

/** Signs in and stores the session in the login file. The password is never an argument. */
async function login(console: Console, options: LoginOptions): Promise<void> {
  const { env } = console;
  const path = loginFilePath(env);
  const local = await findLocalStack(env);
  const { url, anonKey } = await findAddress(console, (await readLogin(path)) ?? local, options);
  // The account of the HQ that this user runs here needs no question.
  const own = local?.url === url ? local : null;
  const email =
    options.email ??
    (env.HQ_EMAIL || own?.email) ??
    (await askOrFail(console, 'Email: ', 'email', '--email'));
  const ownPassword = email === own?.email ? own.password : undefined;
  const password = (env.HQ_PASSWORD || ownPassword) ?? (await readPassword(console));
  const { connect } = await import('@hq/shared/client');
  const client = connect({ url, anonKey, storage: fileStorage(path, url, anonKey) });
  await client.signIn(email, password);
  await rememberSignedOut(path, false);
  const member = await readMember(client);
  console.say(`Signed in to ${client.host} as ${plain(member.email ?? email)} (${member.role}).`);
}

async function findAddress(
  console: Console,
  known: { readonly url: string; readonly anonKey: string } | null,
  options: LoginOptions,
): Promise<{ url: string; anonKey: string }> {
  const { env } = console;
  const url =
    options.url ??
    (env.SUPABASE_URL || known?.url) ??
    (await askOrFail(console, 'Address of the HQ: ', 'address', '--url'));
  const knownKey = known?.url === url ? known.anonKey : undefined;
  const anonKey =
    options.anonKey ??
    (env.SUPABASE_ANON_KEY || knownKey) ??
    (await askOrFail(console, 'Anon key: ', 'anon key', '--anon-key'));
  return { url, anonKey };
}

async function askOrFail(console: Console, question: string, what: string, field: string): Promise<string> {
  if (console.canAsk) return askLine(console, question);
  throw new HqError('usage', `The ${what} is missing, and there is no terminal to ask on.`, { field });
}

async function readPassword(console: Console): Promise<string> {
  const password = console.canAsk ? await askSecret(console, 'Password: ') : await readInputLine(console);
  if (password !== '') return password;
  throw new HqError('usage', 'The password is missing.', {
    hint: 'Type it, or pass it on standard input or as HQ_PASSWORD.',
  });
}
