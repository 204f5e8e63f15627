import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import { redacted } from '../redacted.ts';

/** A failure as an operator reads it: what happened, and what to do next. */
export function errorText(failure: unknown): string {
  if (failure instanceof HqError)
    return redacted(plain([failure.message, failure.hint].filter(Boolean).join(' ')));
  return failure instanceof Error ? redacted(plain(failure.message)) : 'Something failed without a reason.';
}
