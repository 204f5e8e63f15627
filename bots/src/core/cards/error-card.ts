import { type ErrorCode, HqError } from '@hq/shared/errors';
import type { Card } from '../../contract/card.ts';
import { toSentence } from './to-sentence.ts';

const stateOf: Readonly<Record<ErrorCode, string>> = {
  usage: 'not understood',
  unauthenticated: 'not signed in',
  refused: 'not allowed',
  not_found: 'not found',
  conflict: 'not now',
  unreachable: 'not reachable',
  timed_out: 'too slow',
  failed: 'failed',
  cancelled: 'cancelled',
};

/**
 * Shows an error and what to do next, with `phrase` for the commands in its hint. Only an `HqError` is shown; details of
 * others are in the log.
 */
export function errorCard(error: unknown, phrase: (text: string) => string = (text) => text): Card {
  const fault =
    error instanceof HqError ? error : new HqError('failed', 'Something failed; see the log of hq-bots.');
  return {
    title: toSentence(fault.message),
    tone: fault.code === 'failed' || fault.code === 'unreachable' ? 'bad' : 'warning',
    state: stateOf[fault.code],
    body: fault.hint === undefined ? [] : [{ kind: 'text', text: toSentence(phrase(fault.hint)) }],
  };
}
