import { HqError } from '@hq/shared/errors';
import { secretCategories } from '@hq/shared/rows';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { refuseCredential } from '../../../secrets/refuse-credential.ts';
import { readValueFile } from '../../../secrets/value-file.ts';
import { checkKeyName, checkValue, keysFor, writeSecret } from '../../../secrets/write-secret.ts';
import { parseSeconds } from '../../arguments/numbers.ts';
import { flag, parseToWrite, text } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import type { Console } from '../../output/console.ts';
import { readSecretValue } from '../../prompts/secret-prompt.ts';
import { awaitSync } from '../../waiting/await-sync.ts';
import { printSecret } from './print-secret.ts';
import {
  findSecret,
  findTarget,
  noSuchSecret,
  secretCommand,
  targetArguments,
  targetOptions,
  targetText,
} from './target.ts';

const optionsOf = targetOptions.extend({
  file: text,
  keepNewline: flag,
  category: z.enum(secretCategories).optional(),
  name: text,
  note: text,
  wait: flag,
  timeout: text,
});
type WriteOptions = z.output<typeof optionsOf>;
type Operation = 'set' | 'rotate';

const defaultWaitMs = 60_000;

export const addSet: AddCommand = (parent, console) =>
  addWrite(
    parent,
    console,
    'set',
    'store a new secret; its value is typed hidden, piped in, or read from a file',
  );

export const addRotate: AddCommand = (parent, console) =>
  addWrite(parent, console, 'rotate', 'replace the value of a secret');

function addWrite(parent: Command, console: Console, operation: Operation, description: string): void {
  secretCommand(parent, operation, description)
    .argument('<key>', 'its name, such as GITHUB_TOKEN')
    .addOption(new Option('--category <category>', 'its purpose').choices(secretCategories))
    .option('--name <name>', 'a name for people')
    .option('--note <note>', 'a remark, shown to every member')
    .option('--file <path>', 'read the value from this file')
    .option('--keep-newline', 'keep a newline at the end of the value')
    .option('--wait', 'wait until the runner has written it')
    .option('--timeout <seconds>', 'longest time to wait, 60 by default')
    .usage('[options] <key>')
    .allowUnknownOption()
    .allowExcessArguments()
    .action((_key: string, _options: unknown, self: Command) =>
      writeValue(console, operation, self.args, parseToWrite(optionsOf, self)),
    );
}

async function writeValue(
  console: Console,
  operation: Operation,
  words: readonly string[],
  options: WriteOptions,
): Promise<void> {
  const key = parseKey(words, operation);
  for (const remark of [options.name, options.note]) refuseCredential(remark);
  const timeoutMs = waitLimitMs(options);
  const { client } = await connectMember(console.env);
  const target = await findTarget(client, options);
  const known = await findSecret(client, key, target);
  if (operation === 'set' && known !== null) {
    throw new HqError('conflict', `${key} of ${targetText(target)} exists.`, {
      hint: `\`hq-tui secrets rotate ${key}\` replaces its value.`,
    });
  }
  if (operation === 'rotate' && known === null) throw noSuchSecret(key, target);
  // Before the prompt: without the key the value would be typed in vain.
  const sameCall = `hq-tui secrets ${operation} ${key}${targetArguments(options)}`;
  await keysFor(client, console.env, target.gateway, sameCall);
  const value =
    options.file === undefined
      ? await readSecretValue(console, options.keepNewline)
      : await readValueFile(options.file, options.keepNewline);
  checkValue(value);
  const { category, name, note } = options;
  const { gateway, agent } = target;
  const draft = { key, value, gateway, agent: agent?.id ?? null, category, name, note };
  const { secret, created } = await writeSecret(client, console.env, draft, 'cli');
  const settled = options.wait ? await awaitSync(console, client, secret, timeoutMs) : secret;
  await printSecret(console, client, settled, created ? 'stored' : 'rotated', options.json, { created });
  if (settled.sync_status === 'error') {
    const reason = settled.sync_error ?? 'no reason was given';
    throw new HqError('failed', `${key} is not on the gateway: ${reason}`);
  }
}

function waitLimitMs({ timeout, wait }: WriteOptions): number {
  if (timeout === undefined) return defaultWaitMs;
  if (wait) return parseSeconds(timeout, '--timeout');
  throw new HqError('usage', 'A time limit needs --wait.', { field: '--timeout', hint: 'Add --wait.' });
}

/** Returns the only argument. Another one may be a value, and is not repeated. */
function parseKey(words: readonly string[], operation: Operation): string {
  const [key = '', ...more] = words;
  if (more.some((word) => word !== '-') || key.includes('=')) {
    throw new HqError(
      'usage',
      'A value cannot be an argument: it would be in the process list and in the history of the shell.',
      {
        field: 'value',
        hint: `Pipe it into \`hq-tui secrets ${operation} KEY\`, type it when asked, or name a file with --file. If that was a real value, remove it from the history and replace it at its source.`,
      },
    );
  }
  checkKeyName(key);
  return key;
}
