import { describeChange, matchesChange } from './bindings.ts';
import type { RowChange } from './change-feed.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { encodeWithPayload } from './frames.ts';
import type { Visibility } from './visibility.ts';

interface Subscriber {
  readonly connection: Connection;
  readonly channel: Channel;
}

/** Encoded changes by their columns, since many subscribers get the same text. */
type EncodedChanges = Map<RowChange, Map<string, string>>;

/** Sends changes to every subscriber that may see them. Fails the channels that would miss one. */
export async function deliver(
  connections: Iterable<Connection>,
  changes: readonly RowChange[],
  visibility: Visibility,
): Promise<void> {
  const audiences = subscribersByAudience(connections, changes);
  if (audiences.size === 0) return;
  const encoded: EncodedChanges = new Map();
  try {
    const whole = await visibility.withWholeRows(changes);
    await Promise.all(
      [...audiences.values()].map((subscribers) => deliverTo(subscribers, whole, visibility, encoded)),
    );
  } catch {
    // These clients missed changes that could not be read.
    for (const { connection, channel } of [...audiences.values()].flat()) connection.fail(channel);
  }
}

function subscribersByAudience(
  connections: Iterable<Connection>,
  changes: readonly RowChange[],
): ReadonlyMap<string, readonly Subscriber[]> {
  const audiences = new Map<string, Subscriber[]>();
  for (const connection of connections) {
    for (const channel of connection.channels.values()) {
      if (!changes.some((change) => mayMatch(channel, change))) continue;
      const subscribers = audiences.get(channel.audienceKey) ?? [];
      subscribers.push({ connection, channel });
      audiences.set(channel.audienceKey, subscribers);
    }
  }
  return audiences;
}

async function deliverTo(
  subscribers: readonly Subscriber[],
  changes: readonly RowChange[],
  visibility: Visibility,
  encoded: EncodedChanges,
): Promise<void> {
  const [first] = subscribers;
  if (!first) return;
  const relevant = changes.filter((change) => subscribers.some(({ channel }) => mayMatch(channel, change)));
  if (relevant.length === 0) return;
  const visible = await visibility.visibleTo(first.channel.audience, relevant);
  for (const change of relevant) {
    if (!visible.has(change)) continue;
    for (const { connection, channel } of subscribers) send(connection, channel, change, encoded);
  }
}

function mayMatch(channel: Channel, change: RowChange): boolean {
  const wanted = channel.bindingsByTable.get(change.table) ?? [];
  // Filters apply once the row is whole.
  return wanted.some((entry) =>
    change.isWhole ? matchesChange(entry, change) : matchesEvent(entry.binding.event, change),
  );
}

function matchesEvent(event: string, { type }: RowChange): boolean {
  return event === '*' || event === type;
}

function send(connection: Connection, channel: Channel, change: RowChange, encoded: EncodedChanges): void {
  const bindings = (channel.bindingsByTable.get(change.table) ?? [])
    .filter((entry) => matchesChange(entry, change))
    .map(({ binding }) => binding);
  const readable = change.table.readable[channel.audience.role] ?? [];
  // Bindings with the same columns share a message.
  for (const [, group] of Map.groupBy(bindings, ({ select }) => select?.join() ?? '*')) {
    const select = group[0]?.select;
    const visible = select ? readable.filter((name) => select.includes(name)) : readable;
    const ofChange = encoded.get(change) ?? new Map<string, string>();
    encoded.set(change, ofChange);
    const columns = visible.join();
    const data = ofChange.get(columns) ?? describeChange(change, visible);
    ofChange.set(columns, data);
    const ids = JSON.stringify(group.map(({ id }) => id));
    connection.sendText(
      encodeWithPayload(
        { joinRef: null, ref: null, topic: channel.topic, event: 'postgres_changes' },
        `{"ids":${ids},"data":${data}}`,
        connection.version,
      ),
    );
  }
}
