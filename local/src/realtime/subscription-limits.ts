import type { Binding } from './bindings.ts';
import type { Audience } from './visibility.ts';

/** A terminal UI has one socket and about a dozen bindings. */
const socketsOfUser = 30;
const costOfUser = 500;
/** A pattern takes a step for each pair of characters of text and pattern in the worst case, any other filter a few. */
const costOfPattern = 25;

/** Sockets without the service role's key that are open at the same time. */
export const mostSockets = 1_000;
interface Subscriber {
  readonly channels: ReadonlyMap<
    string,
    { readonly audience: Audience; readonly bindings: readonly Binding[] }
  >;
}

/** Returns the reason why a user may not add these bindings to what they have on all of their sockets; else null. */
export function joinFault(
  connections: Iterable<Subscriber>,
  joining: Subscriber,
  audience: Audience,
  bindings: readonly Binding[],
): string | null {
  if (audience.role === 'service_role') return null;
  const user = userOf(audience);
  const sockets = new Set([joining]);
  let cost = costOf(bindings);
  for (const connection of connections) {
    for (const channel of connection.channels.values()) {
      if (userOf(channel.audience) !== user) continue;
      sockets.add(connection);
      cost += costOf(channel.bindings);
    }
  }
  if (sockets.size > socketsOfUser) return `a user may have ${socketsOfUser} sockets at most`;
  return cost > costOfUser ? 'a user may not subscribe to more changes than these' : null;
}

function userOf({ role, claims }: Audience): string {
  return claims.sub ?? role;
}

function costOf(bindings: readonly Binding[]): number {
  return bindings.reduce((sum, { filter = '' }) => sum + 1 + costOfPattern * patternsIn(filter), 0);
}

function patternsIn(filter: string): number {
  return filter.match(/i?like\./g)?.length ?? 0;
}
