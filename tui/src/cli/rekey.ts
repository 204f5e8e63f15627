import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readGateways } from '@hq/shared/queries';
import { readSecretsKeys, type SecretsKeys } from '@hq/shared/secrets';
import { plain } from '@hq/shared/text';
import { readEnvFile } from '../secrets/env-file.ts';
import { type HostEnvelopes, hostEnvelopes, type NamedSecret } from '../secrets/host-envelopes.ts';
import { findHostKeys } from '../secrets/host-keys.ts';
import { countEnvelopes, type RekeyCounts, rekeyEnvelopes } from '../secrets/rekey.ts';
import { keepHeapSmall } from '../terminal/heap.ts';
import { confirmByYes } from './confirm.ts';
import type { Console } from './console.ts';
import { enter } from './enter.ts';
import { openProgress } from './progress.ts';
import { refuseWhenReadonly } from './readonly.ts';

export interface RekeyOptions {
  readonly dryRun: boolean;
  readonly batch?: string | undefined;
  readonly yes: boolean;
  readonly oldKeyFile?: string | undefined;
  readonly newKeyFile?: string | undefined;
  readonly json: boolean;
}

const usualBatch = 200;
const largestBatch = 1000;

/** Encrypts every secret anew under the key of now: counts first, asks, and may be stopped and begun again anywhere. */
export async function rekeySecrets(
  console: Console,
  options: RekeyOptions,
  isReadonly: boolean,
): Promise<void> {
  if (!options.dryRun) refuseWhenReadonly(isReadonly);
  const batch = options.batch === undefined ? usualBatch : parseBatch(options.batch);
  // Thousands of values pass through here once each: none of them is worth a larger heap.
  keepHeapSmall();
  const { client, member } = await enter(console.env);
  // The database sees the service role alone, which may do everything: who stands behind it is asked here.
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
  const envelopes = hostEnvelopes(client.url, host.serviceRoleKey, member.user_id);
  try {
    await rekey(console, envelopes, keys, batch, options);
  } finally {
    await envelopes.close();
  }
}

async function rekey(
  console: Console,
  envelopes: HostEnvelopes,
  keys: SecretsKeys,
  batch: number,
  options: RekeyOptions,
): Promise<void> {
  const { current, previous } = keys;
  const former = previous.map(({ fingerprint }) => fingerprint).join(', ') || 'none is given';
  console.say(`The key of now: ${current.fingerprint}. The keys before: ${former}.`);
  const before = await count(console, envelopes, keys, batch);
  tellCounts(console, before);
  await tellUnreadable(console, envelopes, before);
  if (options.dryRun) {
    if (options.json) console.printJson(await documentOf(envelopes, before, { dryRun: true, replaced: 0 }));
    else console.print(`${before.toDo} to do, ${before.done} done, ${before.unreadable} unreadable`);
    return;
  }
  if (before.toDo > 0 && !options.yes) {
    const told = `${before.toDo} of ${before.total} secrets are encrypted anew. Nothing else about them changes.`;
    await confirmByYes(console, 'Encrypting every secret anew is disruptive', told);
  }
  const { replaced, isStopped } = await replaceAll(console, envelopes, keys, batch, before);
  const after = isStopped ? null : await count(console, envelopes, keys, batch);
  if (options.json) {
    console.printJson(await documentOf(envelopes, after ?? before, { dryRun: false, replaced }));
  } else console.print(`${replaced} encrypted anew`);
  if (after === null) {
    throw new HqError('cancelled', `Stopped after ${replaced} of ${before.toDo}. Nothing is half done.`, {
      hint: 'Call it again to go on. Until it has ended, every runner needs both keys.',
    });
  }
  if (after.toDo > 0 || after.unreadable > 0) throw unfinished(after);
  tellNextSteps(console);
}

/** A runner without the key of now could not read what is encrypted with it: better to restart it first. */
async function warnOfRunners(console: Console, client: HqClient, { current }: SecretsKeys): Promise<void> {
  for (const { slug, meta } of await readGateways(client)) {
    if (meta.secrets === undefined || meta.secrets.keys.includes(current.fingerprint)) continue;
    console.say(
      plain(`The runner of ${slug} does not have the key of now yet: restart it with both keys before this.`),
    );
  }
}

/** Ctrl-C ends it behind the batch that is under way; a second one ends it at once, which harms nothing either. */
async function replaceAll(
  console: Console,
  envelopes: HostEnvelopes,
  keys: SecretsKeys,
  batch: number,
  { total }: RekeyCounts,
): Promise<{ replaced: number; isStopped: boolean }> {
  let mayGoOn = true;
  const onInterrupt = (): void => {
    mayGoOn = false;
    console.say('\nStopping behind this batch');
  };
  process.once('SIGINT', onInterrupt);
  const progress = openProgress(process.stderr, 'Looked at', total);
  try {
    const { replaced, overtaken, isStopped } = await rekeyEnvelopes(envelopes, keys, batch, {
      told: (seen) => progress.at(seen),
      mayGoOn: () => mayGoOn,
    });
    progress.end();
    if (overtaken > 0)
      console.say(`${overtaken} were changed by others meanwhile and stand as those wrote them.`);
    // Also where nothing was left to do: whoever did it before may have been killed before this was written down.
    if (!isStopped) await envelopes.finish();
    return { replaced, isStopped };
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

async function count(
  console: Console,
  envelopes: HostEnvelopes,
  keys: SecretsKeys,
  batch: number,
): Promise<RekeyCounts> {
  const progress = openProgress(process.stderr, 'Read', null);
  const counts = await countEnvelopes(envelopes, keys, batch, (seen) => progress.at(seen));
  progress.end();
  if (counts.total === 0) console.say('There are no secrets.');
  return counts;
}

/** The key of now and those before, from the host's own file or from the files that were named. */
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

function parseBatch(text: string): number {
  const batch = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(batch >= 1 && batch <= largestBatch)) {
    throw new HqError('usage', `“${text}” is no number from 1 to ${largestBatch}.`, { field: '--batch' });
  }
  return batch;
}

function tellCounts(console: Console, { total, done, toDo, unreadable }: RekeyCounts): void {
  console.say(
    `${total} secrets: ${done} under the key of now, ${toDo} to encrypt anew, ${unreadable} that no key reads.`,
  );
}

async function tellUnreadable(
  console: Console,
  envelopes: HostEnvelopes,
  counts: RekeyCounts,
): Promise<void> {
  for (const secret of await envelopes.names(counts.unreadableIds)) {
    console.say(plain(`  no key reads ${secret.key} of ${ownerOf(secret)} (${secret.id})`));
  }
  const more = counts.unreadable - counts.unreadableIds.length;
  if (more > 0) console.say(`  and ${more} more`);
}

function ownerOf({ gateway, agent }: NamedSecret): string {
  return [gateway ?? 'a gateway that is gone', ...(agent === null ? [] : [agent])].join('/');
}

async function documentOf(
  envelopes: HostEnvelopes,
  { total, done, toDo, unreadable, unreadableIds }: RekeyCounts,
  more: { readonly dryRun: boolean; readonly replaced: number },
) {
  return { ...more, total, done, toDo, unreadable, unreadableSecrets: await envelopes.names(unreadableIds) };
}

function unfinished({ toDo, unreadable }: RekeyCounts): HqError {
  if (toDo > 0) {
    return new HqError('failed', `${toDo} secrets came under a former key meanwhile.`, {
      hint: 'Somebody still writes with that key. Call it again.',
    });
  }
  return new HqError(
    'failed',
    `${unreadable} secrets are read by none of the keys; they were left as they are.`,
    {
      hint: 'Name the key that they were written with by --old-key-file, or give them new values with `hq-tui secrets rotate`.',
    },
  );
}

function tellNextSteps(console: Console): void {
  for (const step of [
    'Every secret is under the key of now. What is left to do:',
    '  1. Restart each runner with the new key, if it does not have it yet.',
    '  2. See that `hq-tui secrets list` shows every secret as active.',
    '  3. Take the lines that end in _PREVIOUS out of the environment files, and restart the runners once more.',
  ]) {
    console.say(step);
  }
}
