import { type Logger, pino } from 'pino';
import type { Redactor } from '../text/index.ts';

export type Log = Logger;

/** Writes JSON lines to stdout. Every line passes the redactor. */
export function createLog(level: string, redactor: Pick<Redactor, 'text'>): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => redactor.text(line) },
  });
}
