import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readGateways } from '@hq/shared/queries';
import { readSecretsKeys, type SecretsKeys } from '@hq/shared/secrets';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { z } from 'zod';
import { readEnvFile } from '../../../secrets/env-file.ts';
import type { HostEnvelopes } from '../../../secrets/host-envelopes.ts';
import { findHostKeys } from '../../../secrets/host-keys.ts';
import { countEnvelopes, type RekeyCounts, rekeyEnvelopes } from '../../../secrets/rekey.ts';
import { keepHeapSmall } from '../../../terminal/heap.ts';
import { parseCount } from '../../arguments/numbers.ts';
import { flag, parseToWrite, text } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import type { Console } from '../../output/console.ts';
import { openProgress } from '../../output/progress.ts';
import { confirmByYes } from '../../prompts/confirm.ts';
import { rekeyDocument, sayCounts, sayNextSteps, sayUnreadable, unfinished } from './rekey-report.ts';

const optionsOf = z.object({
  dryRun: flag,
  batch: text,
  yes: flag,
  oldKeyFile: text,
  newKeyFile: text,
  json: flag,
  readonly: flag,
});
type RekeyOptions = z.output<typeof optionsOf>;

const defaultBatch = 200;
const largestBatch = 1000;

export const addRekey: AddCommand = (parent, console) => {
  parent
    .command('rekey')
    .description('encrypt every secret with the current key; only on the host of HQ')
    .option('--dry-run', 'count, and change nothing')
    .option('--batch <count>', 'rows at a time, 200 by default')
    .option('--old-key-file <path>', 'an environment file with the former key')
    .option('--new-key-file <path>', 'an environment file with the current key')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'one JSON document')
    .action((_options: unknown, self: Command) => rekeySecrets(console, parseToWrite(optionsOf, self)));
};

/** Counts, asks, and encrypts every secret with the current key. It may be stopped at any point and started again. */
async function rekeySecrets(console: Console, options: RekeyOptions): Promise<void> {
  const batch =
    options.batch === undefined ? defaultBatch : parseCount(options.batch, largestBatch, '--batch');
  // Thousands of values pass through here once each; none is worth a larger heap.
  keepHeapSmall();
  const { client, member } = await connectMember(console.env);
  // The database sees only the service role, which may do everything: the member's role is checked here.
  if (member.role !== 'admin') {
    throw new HqError(
      'refused',
      `Changing the key of the secrets needs the role admin; yours is ${member.role}.`,
    );
  }
  const host = await findHostKeys(console.env, client.url, 'hq-tui secrets rekey');
  const keys = await keysOf(host.keys, options);
  if (host.serviceRoleKey === null) {
    throw new HqError(
      'usage',
      `${host.source} has no SUPABASE_SERVICE_ROLE_KEY, which reads the stored values.`,
    );
  }
  await warnOfRunners(console, client, keys);
  const { hostEnvelopes } = await import('../../../secrets/host-envelopes.ts');
  const envelopes = hostEnvelopes(client.url, host.serviceRoleKey, member.user_id);
  try {
    await rekey({ console, envelopes, keys, batch }, options);
  } finally {
    await envelopes.close();
  }
}

interface Job {
  readonly console: Console;
  readonly envelopes: HostEnvelopes;
  readonly keys: SecretsKeys;
  /** Rows at a time. */
  readonly batch: number;
}

async function rekey(job: Job, options: RekeyOptions): Promise<void> {
  const { console, envelopes } = job;
  const { current, previous } = job.keys;
  const former = previous.map(({ fingerprint }) => fingerprint).join(', ') || 'none';
  console.say(`Current key: ${current.fingerprint}. Former keys: ${former}.`);
  const before = await count(job);
  sayCounts(console, before);
  await sayUnreadable(console, envelopes, before);
  if (options.dryRun) {
    if (options.json)
      console.printJson(await rekeyDocument(envelopes, before, { dryRun: true, replaced: 0 }));
    else console.print(`${before.toDo} to do, ${before.done} done, ${before.unreadable} unreadable`);
    return;
  }
  if (before.toDo > 0 && !options.yes) {
    const consequence = `${before.toDo} of ${before.total} secrets are encrypted with the current key. Nothing else about them changes.`;
    await confirmByYes(console, 'Changing the key of every secret is disruptive', consequence);
  }
  const { replaced, isStopped } = await replaceAll(job, before);
  const after = isStopped ? null : await count(job);
  if (options.json) {
    console.printJson(await rekeyDocument(envelopes, after ?? before, { dryRun: false, replaced }));
  } else console.print(`${replaced} encrypted anew`);
  if (after === null) {
    throw new HqError(
      'cancelled',
      `Stopped after ${replaced} of ${before.toDo}. No secret is left between two keys.`,
      {
        hint: 'Run it again to continue. Until it has finished, every runner needs both keys.',
      },
    );
  }
  if (after.toDo > 0 || after.unreadable > 0) throw unfinished(after);
  sayNextSteps(console);
}

/** Warns of runners without the current key: they could not read the new ciphertexts. */
async function warnOfRunners(console: Console, client: HqClient, { current }: SecretsKeys): Promise<void> {
  for (const { slug, meta } of await readGateways(client)) {
    if (meta.secrets === undefined || meta.secrets.keys.includes(current.fingerprint)) continue;
    console.say(
      plain(`The runner of ${slug} does not have the current key yet: restart it with both keys first.`),
    );
  }
}

/** Ctrl-C stops after the current batch; a second one stops at once, without harm. */
async function replaceAll(
  { console, envelopes, keys, batch }: Job,
  { total }: RekeyCounts,
): Promise<{ replaced: number; isStopped: boolean }> {
  let mayGoOn = true;
  const onInterrupt = (): void => {
    mayGoOn = false;
    console.say('\nStopping after this batch');
  };
  process.once('SIGINT', onInterrupt);
  const progress = openProgress(console.stderr, 'Looked at', total);
  try {
    const { replaced, overtaken, isStopped } = await rekeyEnvelopes(envelopes, keys, batch, {
      onProgress: (seen) => progress.update(seen),
      mayGoOn: () => mayGoOn,
    });
    progress.end();
    if (overtaken > 0) console.say(`${overtaken} were changed by others meanwhile and keep those values.`);
    // Even with nothing left to do: an earlier run may have been killed before it recorded its end.
    if (!isStopped) await envelopes.finish();
    return { replaced, isStopped };
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

async function count({ console, envelopes, keys, batch }: Job): Promise<RekeyCounts> {
  const progress = openProgress(console.stderr, 'Read', null);
  const counts = await countEnvelopes(envelopes, keys, batch, (seen) => progress.update(seen));
  progress.end();
  if (counts.total === 0) console.say('There are no secrets.');
  return counts;
}

/** Returns the current key and the former ones, from the host's own file or from the named files. */
async function keysOf(host: SecretsKeys, { oldKeyFile, newKeyFile }: RekeyOptions): Promise<SecretsKeys> {
  const current = newKeyFile === undefined ? host.current : (await keysIn(newKeyFile)).current;
  const named = oldKeyFile === undefined ? [] : [(await keysIn(oldKeyFile)).current];
  const others = newKeyFile === undefined ? host.previous : [host.current, ...host.previous];
  const previous = [...named, ...others].filter(
    ({ fingerprint }, at, all) =>
      fingerprint !== current.fingerprint && all.findIndex((one) => one.fingerprint === fingerprint) === at,
  );
  return { current, previous };
}

async function keysIn(path: string): Promise<SecretsKeys> {
  const settings = await readEnvFile(path);
  if (settings === null) throw new HqError('usage', `There is no file ${path}.`);
  return readSecretsKeys(settings);
}
