import { plainLine } from '@hq/shared/text';

/** U+2060: seen by nobody, and enough for Telegram not to see a name, a command or a tag. */
export const wordJoiner = '\u2060';
/** At the end too: what is put behind it may be a name. A slash within a path or an address is no command. */
const alive = /(?<![A-Za-z0-9_])[@#$](?=[\p{L}\p{N}_]|$)|(?<![A-Za-z0-9_/])\/(?=[\p{L}\p{N}_]|$)/gmu;

/** Text of several lines that can neither move nor hide what is beside it. */
export function sanitizeLines(text: string): string {
  return text
    .split(/\r?\n/u)
    .map((line) => plainLine(line))
    .join('\n');
}

/** Text that Telegram makes nothing of: it names nobody, and no word of it can be tapped as a command or a tag. */
export function defuseMentions(text: string): string {
  return sanitizeLines(text).replace(alive, (sign) => `${sign}${wordJoiner}`);
}
