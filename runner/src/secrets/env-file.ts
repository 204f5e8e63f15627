import { secretNameFault, secretNamePattern } from '@hq/shared/secrets';

/** One setting as it stands in an `.env` file. */
export interface EnvEntry {
  readonly key: string;
  readonly value: string;
  /** The setting as it was written, without its line end. */
  readonly line: string;
}

const quoted = /'([^']*(?:'\\''[^']*)*)'[ \t]*(?=\n|$)/y;

/** The settings of an `.env` file, the last of each name. What is no setting is left out. */
export function readEnvFile(text: string): ReadonlyMap<string, EnvEntry> {
  const entries = new Map<string, EnvEntry>();
  for (let at = 0; at < text.length; ) {
    const lineEnd = endOfLine(text, at);
    const equals = text.indexOf('=', at);
    const key = equals === -1 || equals > lineEnd ? '' : text.slice(at, equals);
    if (!secretNamePattern.test(key)) {
      at = lineEnd + 1;
      continue;
    }
    // A value of ours may go over several lines.
    quoted.lastIndex = equals + 1;
    const match = quoted.exec(text);
    const end = match === null ? lineEnd : quoted.lastIndex;
    const value = match === null ? text.slice(equals + 1, end) : (match[1] ?? '').replaceAll("'\\''", "'");
    entries.set(key, { key, value, line: text.slice(at, end) });
    at = endOfLine(text, end) + 1;
  }
  return entries;
}

/** The whole text of an `.env` file, sorted by name. */
export function renderEnvFile(lines: ReadonlyMap<string, string>): string {
  return [...lines.keys()]
    .sort()
    .map((key) => `${lines.get(key)}\n`)
    .join('');
}

/** Whether a name is one that no secret may have: its line is the gateway's own. */
export function isReserved(key: string): boolean {
  return secretNamePattern.test(key) && secretNameFault(key) !== null;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
