import type { RESTOptions } from 'discord.js';

/** The library's own type belongs to another copy of fetch; with a file, the body is a form. */
interface Request {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

export function restOptions(apiUrl: string): Partial<RESTOptions> {
  return {
    api: apiUrl,
    version: '10',
    timeout: 10_000,
    // The core retries: it has the newer state of a card by then.
    retries: 0,
    // The core's queue of the chat waits, and drops superseded edits.
    rejectOnRateLimit: () => true,
    // Node's own fetch knows of proxies.
    makeRequest: (url: string, request: Request) => fetch(url, request),
  };
}
