import { type Logger, pino } from 'pino';
import type { Redactor } from '../text/index.ts';

export type Log = Logger;

/** JSON lines on stdout. Whatever is logged passes the redactor, whoever wrote it. */
export function createLog(level: string, redactor: Pick<Redactor, 'text'>): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => redactor.text(line) },
  });
}
