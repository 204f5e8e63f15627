import type { RESTOptions } from 'discord.js';

/** What the library asks for. Its own type is of another copy of fetch; where a file goes along, the body is a form. */
interface Request {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** How HQ asks Discord for something. */
export function restOptions(apiUrl: string): Partial<RESTOptions> {
  return {
    api: apiUrl,
    version: '10',
    timeout: 10_000,
    // What is worth sending again is the core's to know: it has the newer state of a card by then.
    retries: 0,
    // Nothing waits in the library: the queue of that chat does, and drops what has been overtaken.
    rejectOnRateLimit: () => true,
    // Node's own, which knows of proxies, in place of a second copy of it.
    makeRequest: (url: string, request: Request) => fetch(url, request),
  };
}
