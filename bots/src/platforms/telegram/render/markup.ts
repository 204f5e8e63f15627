import { chatLines } from '@hq/shared/text';

/** U+2060 is invisible, and keeps Telegram from reading a mention, a command or a tag. */
export const wordJoiner = '\u2060';
/** Also matches a sign at the end, before a name that may follow. A slash within a path or an address is no command. */
const active = /(?<![A-Za-z0-9_])[@#$](?=[\p{L}\p{N}_]|$)|(?<![A-Za-z0-9_/])\/(?=[\p{L}\p{N}_]|$)/gmu;

/** Sanitizes text in which Telegram shall find no mention, command or tag. */
export function defuseMentions(text: string): string {
  return chatLines(text).replace(active, (sign) => `${sign}${wordJoiner}`);
}
