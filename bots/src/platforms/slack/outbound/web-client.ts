import { webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import { libraryLog } from '../library-log.ts';

/** How long Slack has for an answer. */
export const answerWithinMs = 8000;

/**
 * For a client that neither waits nor repeats by itself: who calls it has a queue for that. Each client needs an object
 * of its own, because the libraries write into it.
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

export function webClient(token: string, apiUrl: string, log: Logger): webApi.WebClient {
  return new webApi.WebClient(token, clientOptions(apiUrl, log));
}
