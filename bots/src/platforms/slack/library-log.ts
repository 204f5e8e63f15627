import { type Logger as LibraryLogger, LogLevel } from '@slack/bolt';
import type { Logger } from 'pino';

/**
 * Slack's libraries log through ours. Their debug lines hold whole deliveries and requests, so there are none: the
 * level that they ask for stays above it, whoever sets it.
 */
export function libraryLog(log: Logger): LibraryLogger {
  const child = log.child({ library: 'slack' });
  return {
    debug: () => undefined,
    info: (...said) => child.debug(inWords(said)),
    warn: (...said) => child.warn(inWords(said)),
    error: (...said) => child.error(inWords(said)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}

/** An error object may hold the request with its headers; its message does not. */
function inWords(said: readonly unknown[]): string {
  return said
    .map((one) => (one instanceof Error ? one.message : typeof one === 'string' ? one : typeof one))
    .join(' ');
}
