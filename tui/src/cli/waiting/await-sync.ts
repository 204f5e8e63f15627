import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { liveSecrets } from '@hq/shared/queries';
import type { SecretRow } from '@hq/shared/rows';
import type { Console } from '../output/console.ts';

/**
 * Waits until the runner has written this value to the gateway, or could not. Fails with `timed_out` after `timeoutMs`; the
 * secret stays stored, and the runner continues.
 */
export async function awaitSync(
  console: Console,
  client: HqClient,
  secret: SecretRow,
  timeoutMs: number,
): Promise<SecretRow> {
  const secrets = liveSecrets(client);
  let state = '';
  let last = secret;
  try {
    return await new Promise<SecretRow>((resolve, reject) => {
      const limit = setTimeout(() => reject(tooLate(last, timeoutMs)), timeoutMs);
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
        if (row.sync_status !== state) console.say(row.sync_status);
        state = row.sync_status;
        const isSettled = row.sync_status === 'active' || row.sync_status === 'error';
        // A later value replaces this one: once that is settled, this one never will be.
        if (isSettled && row.revision >= secret.revision) settle(() => resolve(row));
      });
    });
  } finally {
    secrets.close();
  }
}

function tooLate({ key, sync_status }: SecretRow, timeoutMs: number): HqError {
  const why =
    sync_status === 'waiting' ? 'the agent is not on the gateway yet' : 'the runner has not written it';
  return new HqError('timed_out', `${key} is stored, but after ${timeoutMs / 1000} s ${why}.`, {
    hint: '`hq-tui secrets list` shows its state, `hq-tui gateways` the state of the gateway.',
  });
}
