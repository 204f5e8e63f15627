import { type Logger, pino } from 'pino';
import type { Redactor } from '../text/index.ts';
import { logOutput } from './log-output.ts';

export { logOutput } from './log-output.ts';

export type Log = Logger;

/** Writes JSON lines to stdout, without waiting for it. Every line passes the redactor. */
export function createLog(level: string, redactor: Pick<Redactor, 'text'>): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => redactor.text(line) },
    },
    logOutput,
  );
}
