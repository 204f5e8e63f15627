import { webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import { libraryLog } from '../library-log.ts';

export const answerWithinMs = 8000;

/**
 * For clients that neither wait nor retry by themselves: the core has a queue for that. Each client needs its own
 * object, because the libraries write into it.
 */
export function clientOptions(apiUrl: string, log: Logger): webApi.WebClientOptions {
  return {
    slackApiUrl: apiUrl,
    timeout: answerWithinMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: libraryLog(log),
  };
}

export function createWebClient(token: string, apiUrl: string, log: Logger): webApi.WebClient {
  return new webApi.WebClient(token, clientOptions(apiUrl, log));
}
