import { type Logger as LibraryLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';

/**
 * Passes the log lines of Slack's libraries on. Their debug lines hold whole deliveries and requests, so they are
 * dropped, whatever level is set.
 */
export function libraryLog(log: Logger): LibraryLogger {
  const child = log.child({ library: 'slack' });
  return {
    debug: () => undefined,
    info: (...parts) => child.debug(toText(parts)),
    warn: (...parts) => child.warn(toText(parts)),
    error: (...parts) => child.error(toText(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}

/** Takes the message of an error alone: the error may hold the request with its headers. */
function toText(parts: readonly unknown[]): string {
  return parts
    .map((part) => (part instanceof Error ? part.message : typeof part === 'string' ? part : typeof part))
    .join(' ');
}
