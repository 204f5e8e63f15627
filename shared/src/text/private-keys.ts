export const redactionMark = '[redacted]';

/** Lines of the longest private key. */
export const mostKeyLines = 256;

const begin = '-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----';
const end = '-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----';
const begins = new RegExp(begin);
const ends = new RegExp(end);
/** A key without an end goes up to the end of the text or of its string. */
const whole = new RegExp(`${begin}[^"'\`]*?(?:${end}|(?=["'\`])|$)`, 'g');
/** A key whose beginning was cut off. */
const rest = new RegExp(`(?<![^"'\`])[^"'\`]*?${end}`, 'g');

export const privateKeyShapes: readonly RegExp[] = [whole, rest];

export function mayHavePrivateKey(text: string): boolean {
  return text.includes('PRIVATE KEY');
}

/** Returns a function that says of each line of a text whether it belongs to a private key of several lines. */
export function privateKeyLines(): (line: string) => boolean {
  let left = 0;
  return (line) => {
    if (left > 0) {
      left = ends.test(line) ? 0 : left - 1;
      return true;
    }
    if (!mayHavePrivateKey(line) || !begins.test(line) || ends.test(line)) return false;
    left = mostKeyLines;
    return true;
  };
}

/** Returns the lines of a text whose beginning is missing, without the rest of a private key that began there. */
export function withoutCutKey(lines: readonly string[]): readonly string[] {
  const last = lines.slice(0, mostKeyLines).findIndex((line) => ends.test(line));
  const first = lines.findIndex((line) => begins.test(line));
  if (last < 0 || (first >= 0 && first <= last)) return lines;
  return lines.map((line, at) => (at <= last ? redactionMark : line));
}
