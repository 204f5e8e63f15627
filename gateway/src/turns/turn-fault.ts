import type { TurnFault, TurnResult } from '@hq/shared/gateway';
import { isGateRefusal } from '../../plugin/hooks/budget-verdict.ts';

/** OpenClaw's reasons for a failed model call that lie with the provider, the account there, or the way to it. */
const providerReasons: ReadonlySet<string> = new Set([
  'auth',
  'auth_permanent',
  'billing',
  'rate_limit',
  'overloaded',
  'server_error',
  'timeout',
  'tls_certificate',
  'model_not_found',
]);

/**
 * Sentences of OpenClaw for runs of which it names no reason: it asks a provider no more for a while after a refused key or bill,
 * and of a run that ended before a restart it keeps the sentence alone, without its middle.
 */
const ofProvider =
  /auth\/billing failure\. Retry after|provider returned HTTP (?:401|402|403|429|5\d\d)|returned a billing error|provider internal error, HTTP 5|LLM request failed: network/;
const retryAfter = /\bRetry after about (\d+) (second|minute|hour)s?\b/i;
const secondsOf: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600 };

const reloading = /generation was superseded|[Gg]ateway is draining/;

/** Facts about the end of a run. */
export interface EndFacts {
  readonly status: TurnResult['status'];
  readonly error: string | null;
  /** Reason that OpenClaw gave for the failed model call, in its own words. */
  readonly failoverReason: string | null;
}

/** Returns who is at fault that a run did not end well, from OpenClaw's own reasons; null for a good end and an abort. */
export function faultOfRun({ status, error, failoverReason }: EndFacts): TurnFault | null {
  if (status === 'ok' || status === 'aborted') return null;
  const text = error ?? '';
  if (isGateRefusal(text)) return 'gate';
  if (isReload(text)) return 'reload';
  const isOfProvider = failoverReason !== null && providerReasons.has(failoverReason);
  return isOfProvider || ofProvider.test(text) ? 'provider' : 'agent';
}

/** Returns true for a run that OpenClaw refused because it loads its configuration anew. */
export const isReload = (error: string): boolean => reloading.test(error);

/** Returns the seconds after which the provider may be asked again, where OpenClaw says so. */
export function retryAfterOf(error: string | null): number | null {
  const [, count, unit = ''] = retryAfter.exec(error ?? '') ?? [];
  return count === undefined ? null : Number(count) * (secondsOf[unit.toLowerCase()] ?? 1);
}
