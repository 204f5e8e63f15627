import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { liveSecrets } from '@hq/shared/queries';
import type { SecretRow } from '@hq/shared/rows';
import type { Console } from './console.ts';

/**
 * Waits until the runner has taken this value, or could not. Fails with `timed_out` when that takes too long; the secret is
 * stored all the same, and the runner goes on.
 */
export async function awaitSync(
  console: Console,
  client: HqClient,
  secret: SecretRow,
  patienceMs: number,
): Promise<SecretRow> {
  const secrets = liveSecrets(client);
  let told = '';
  let last = secret;
  try {
    return await new Promise<SecretRow>((resolve, reject) => {
      const limit = setTimeout(() => reject(tooLate(last, patienceMs)), patienceMs);
      const settle = (how: () => void): void => {
        clearTimeout(limit);
        how();
      };
      secrets.subscribe(() => {
        const { rows, status, error } = secrets.getSnapshot();
        if (error !== null && error.code !== 'unreachable') settle(() => reject(error));
        if (status === 'loading' || status === 'offline') return;
        const row = rows.find(({ id }) => id === secret.id);
        if (row === undefined) {
          settle(() => reject(new HqError('not_found', `${secret.key} was deleted meanwhile.`)));
          return;
        }
        last = row;
        if (row.sync_status !== told) console.say(row.sync_status);
        told = row.sync_status;
        const isTaken = row.sync_status === 'active' || row.sync_status === 'error';
        // A later value is another one's to wait for, but where it stands, ours does no more.
        if (isTaken && row.revision >= secret.revision) settle(() => resolve(row));
      });
    });
  } finally {
    secrets.close();
  }
}

function tooLate({ key, sync_status }: SecretRow, patienceMs: number): HqError {
  const why =
    sync_status === 'waiting' ? 'the agent is not on the gateway yet' : 'the runner has not taken it';
  return new HqError('timed_out', `${key} is stored, but after ${patienceMs / 1000} s ${why}.`, {
    hint: '`hq-tui secrets list` shows how it stands, `hq-tui gateways` whether the runner is there.',
  });
}
