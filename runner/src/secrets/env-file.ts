import { secretNameFault, secretNamePattern } from '@hq/shared/secrets';

/** One setting of an `.env` file. */
export interface EnvEntry {
  readonly key: string;
  readonly value: string;
  /** Original text without its line end. */
  readonly line: string;
}

const quoted = /'([^']*(?:'\\''[^']*)*)'[ \t]*(?=\n|$)/y;

/** Parses an `.env` file. The last setting of a name counts; other lines are ignored. */
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
    // A quoted value may span several lines.
    quoted.lastIndex = equals + 1;
    const match = quoted.exec(text);
    const end = match === null ? lineEnd : quoted.lastIndex;
    const value = match === null ? text.slice(equals + 1, end) : (match[1] ?? '').replaceAll("'\\''", "'");
    entries.set(key, { key, value, line: text.slice(at, end) });
    at = endOfLine(text, end) + 1;
  }
  return entries;
}

/** Renders an `.env` file, sorted by name. */
export function renderEnvFile(lines: ReadonlyMap<string, string>): string {
  return [...lines.keys()]
    .sort()
    .map((key) => `${lines.get(key)}\n`)
    .join('');
}

/** Returns true for a name that no secret may have: its line belongs to the gateway. */
export function isReserved(key: string): boolean {
  return secretNamePattern.test(key) && secretNameFault(key) !== null;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
