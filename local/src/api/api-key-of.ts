import type { IncomingMessage } from 'node:http';

/** Returns the API key of a request, from its URL or a header. */
export function apiKeyOf({ url, headers }: IncomingMessage): string {
  const header = headers['x-api-key'] ?? headers.apikey;
  return (
    URL.parse(url ?? '/', 'http://127.0.0.1')?.searchParams.get('apikey') ??
    (typeof header === 'string' ? header : '')
  );
}
