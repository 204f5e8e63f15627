import { HqError } from '@hq/shared/errors';
import { plain } from '@hq/shared/text';
import { redacted } from '../redacted.ts';

/** Returns a message of the database, which may lack its full stop, as a sentence before another one. */
function ended(message: string): string {
  return /[.!?:…]$/.test(message) ? message : `${message}.`;
}

/** A failure as an operator reads it: what happened, and what to do next. */
export function errorText(failure: unknown): string {
  if (failure instanceof HqError)
    return redacted(
      plain(failure.hint === undefined ? failure.message : `${ended(failure.message)} ${failure.hint}`),
    );
  return failure instanceof Error ? redacted(plain(failure.message)) : 'Something failed without a reason.';
}
