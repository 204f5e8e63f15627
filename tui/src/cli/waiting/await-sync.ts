import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { LiveSnapshot } from '@hq/shared/live';
import { liveSecrets } from '@hq/shared/queries';
import type { SecretRow } from '@hq/shared/rows';
import type { Console } from '../output/console.ts';
import { until } from './until.ts';
import { silenceReason, WaitingReasons } from './waiting-reason.ts';

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
  const reasons = new WaitingReasons(client, silenceReason, console.say);
  let state = '';
  let last = secret;
  const settled = ({ rows, status }: LiveSnapshot<SecretRow>): SecretRow | null => {
    if (status === 'loading' || status === 'offline') return null;
    const row = rows.find(({ id }) => id === secret.id);
    if (row === undefined) throw new HqError('not_found', `${secret.key} was deleted meanwhile.`);
    last = row;
    if (row.sync_status !== state) console.say(row.sync_status);
    state = row.sync_status;
    const isSettled = row.sync_status === 'active' || row.sync_status === 'error';
    if (!isSettled) reasons.watch(row.gateway_id);
    // A later value replaces this one: once that is settled, this one never will be.
    return isSettled && row.revision >= secret.revision ? row : null;
  };
  try {
    return await until(secrets, settled, timeoutMs, () => tooLate(last, timeoutMs, reasons.sentence));
  } finally {
    reasons.close();
    secrets.close();
  }
}

function tooLate({ key, sync_status }: SecretRow, timeoutMs: number, reason: string | null): HqError {
  const why =
    sync_status === 'waiting' ? 'the agent is not on the gateway yet' : 'the runner has not written it';
  const late = `${key} is stored, but after ${timeoutMs / 1000} s ${why}.`;
  return new HqError('timed_out', reason === null ? late : `${late} ${reason}`, {
    hint: '`hq-tui secrets list` shows its state, `hq-tui gateways` the state of the gateway.',
  });
}
