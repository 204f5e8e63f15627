import { HqError } from '@hq/shared/errors';
import { counted, plain } from '@hq/shared/text';
import type { HostEnvelopes, NamedSecret } from '../../../secrets/host-envelopes.ts';
import type { RekeyCounts } from '../../../secrets/rekey.ts';
import type { Console } from '../../output/console.ts';

export function sayCounts(console: Console, { total, done, toDo, unreadable }: RekeyCounts): void {
  console.say(
    `${counted(total, 'secret')}: ${done} under the current key, ${toDo} to encrypt again, ${unreadable} that no key reads.`,
  );
}

export async function sayUnreadable(
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

export async function rekeyDocument(
  envelopes: HostEnvelopes,
  { total, done, toDo, unreadable, unreadableIds }: RekeyCounts,
  more: { readonly dryRun: boolean; readonly replaced: number },
) {
  return { ...more, total, done, toDo, unreadable, unreadableSecrets: await envelopes.names(unreadableIds) };
}

export function unfinished({ toDo, unreadable }: RekeyCounts): HqError {
  if (toDo > 0) {
    return new HqError(
      'failed',
      `${counted(toDo, 'secret was', 'secrets were')} written with a former key meanwhile.`,
      {
        hint: 'Somebody still writes with that key. Run it again.',
      },
    );
  }
  return new HqError(
    'failed',
    `${counted(unreadable, 'secret')} can be read with none of the keys; nothing was changed there.`,
    {
      hint: 'Name the key that they were written with by --old-key-file, or replace their values with `hq-tui secrets rotate`.',
    },
  );
}

export function sayNextSteps(console: Console): void {
  for (const step of [
    'Every secret is under the current key. Next steps:',
    '  1. Restart each runner with the new key, if it does not have it yet.',
    '  2. Check that `hq-tui secrets list` shows every secret as active.',
    '  3. Remove the lines that end in _PREVIOUS from the environment files, and restart the runners once more.',
  ]) {
    console.say(step);
  }
}
