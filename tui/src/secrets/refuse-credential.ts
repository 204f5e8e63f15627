import { HqError } from '@hq/shared/errors';
import { redacted } from '../redacted.ts';

/** The beginnings of tokens that can be told before their end is typed. */
const beginning =
  /\b(?:(?:sk|rk|pk|gh[opurs]|github_pat|glpat|gsk|xai|hf|r8|nvapi|pplx|npm|sbp|sb_secret|xox[a-z]|xapp)[-_]\w|eyJ\w|AIza|AKIA|ASIA|enc:v1:|-----BEGIN)/;
/** A long word of hexadecimal digits, of capitals and digits, or of letters of both cases and digits. */
const random =
  /[0-9a-f]{32,}|\b(?=[A-Z]*\d)[A-Z0-9]{16,}\b|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{20,}/;

/** True for text that a screen must not draw: a part of it is, or becomes, a credential as far as its form tells. */
export function looksLikeCredential(text: string): boolean {
  return beginning.test(text) || random.test(text) || redacted(text) !== text;
}

/** Refuses a note or a name that looks like a credential, without repeating it: both are stored and shown in clear. */
export function refuseCredential(text: string | undefined): void {
  if (text === undefined || redacted(text) === text) return;
  throw new HqError('usage', 'That looks like a credential, and a note or a name is shown to every member.', {
    hint: 'It belongs into the value. If a shell has it in its history now, take it out there.',
  });
}
