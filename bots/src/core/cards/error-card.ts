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

/** Why something was not done, and what to do next. What is no `HqError` is told in the log, not in a chat. */
export function errorCard(error: unknown): Card {
  const fault =
    error instanceof HqError
      ? error
      : new HqError('failed', 'Something failed here; the log of hq-bots says what.');
  return {
    title: toSentence(fault.message),
    tone: fault.code === 'failed' || fault.code === 'unreachable' ? 'bad' : 'warning',
    state: stateOf[fault.code],
    body: fault.hint === undefined ? [] : [{ kind: 'text', text: toSentence(fault.hint) }],
  };
}
