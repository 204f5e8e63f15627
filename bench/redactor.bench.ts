import { randomBytes } from 'node:crypto';
import { createRedactor } from '../shared/src/text/redactor.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'Redacting lines of a log, by the number of known values';

const lines = Array.from(
  { length: 5_000 },
  (_, at) =>
    `2026-11-22T13:46:14.${at}+00:00 [gateway] http server listening (${at} plugins, 3.0s), then waiting for the next of ${at} commands that stand in the queue of this gateway since the morning`,
);

const escapedLines = lines.map((line) =>
  JSON.stringify({ msg: `"${line}"\n`, path: 'a\\b', url: 'http://127.0.0.1/?a=%20b&c=1' }),
);

function microsecondsOf(work: (line: string) => unknown, texts = lines): number {
  for (const line of texts) work(line);
  const startedAt = performance.now();
  for (const line of texts) work(line);
  return ((performance.now() - startedAt) * 1000) / texts.length;
}

export async function* measure(): AsyncGenerator<Figure> {
  let alone = 0;
  for (const [count, length] of [
    [0, 0],
    [50, 40],
    [5_000, 40],
    [5_000, 1_000],
  ] as const) {
    const values = Array.from({ length: count }, () => randomBytes(length).toString('hex').slice(0, length));
    const redactor = createRedactor([]);
    const startedAt = performance.now();
    redactor.learn(values);
    const learned = performance.now() - startedAt;
    const line = microsecondsOf(redactor.text);
    if (count === 0) {
      alone = line;
      yield noted('a line, with no value known', `${line.toFixed(1)} µs`);
      continue;
    }
    const what = `${count} values of ${length} characters`;
    yield noted(`learning ${what}`, `${learned.toFixed(0)} ms`);
    yield atMost(`a line, with ${what}, beyond that`, line - alone, 10, 'µs', 1);
    yield noted(
      'a line of JSON with escapes',
      `${microsecondsOf(redactor.text, escapedLines).toFixed(1)} µs`,
    );
  }
}
