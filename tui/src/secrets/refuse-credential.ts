import { HqError } from '@hq/shared/errors';
import { redacted } from '../redacted.ts';

/** Refuses a note or a name that looks like a credential, without repeating it: both are stored and shown in clear. */
export function refuseCredential(text: string | undefined): void {
  if (text === undefined || redacted(text) === text) return;
  throw new HqError('usage', 'That looks like a credential, and a note or a name is shown to every member.', {
    hint: 'It belongs into the value. If a shell has it in its history now, take it out there.',
  });
}
