/** Headers that belong to one connection and are never passed on. */
const hopByHop = new Set([
  'connection',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Returns the headers to pass on, as name and value in turn: without those of the connection, and without those that
 * `Connection` names. The coding of a body is the caller's; its length always goes along, or the body would be another
 * request for the server.
 */
export function forwardedHeaders(raw: readonly string[]): string[] {
  const pairs = Array.from({ length: raw.length / 2 }, (_, index) => ({
    name: raw[2 * index] ?? '',
    value: raw[2 * index + 1] ?? '',
  }));
  const named = new Set(
    pairs
      .filter(({ name }) => name.toLowerCase() === 'connection')
      .flatMap(({ value }) => value.split(',').map((token) => token.trim().toLowerCase()))
      .filter((name) => name !== 'content-length'),
  );
  return pairs
    .filter(({ name }) => !hopByHop.has(name.toLowerCase()) && !named.has(name.toLowerCase()))
    .flatMap(({ name, value }) => [name, value]);
}
