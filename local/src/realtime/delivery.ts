import { pauses } from '../api/turns.ts';
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

/** Rows that are read again at once: each may be large. */
const mostReadAgain = 50;

/** Sends changes to every subscriber that may see them. Fails the channels that would miss one. */
export async function deliver(
  connections: Iterable<Connection>,
  changes: readonly RowChange[],
  visibility: Visibility,
): Promise<void> {
  for (const batch of batchesOf(changes)) await deliverBatch(connections, batch, visibility);
}

function* batchesOf(changes: readonly RowChange[]): Generator<readonly RowChange[]> {
  let batch: RowChange[] = [];
  let readAgain = 0;
  for (const change of changes) {
    batch.push(change);
    if (!change.isWhole) readAgain += 1;
    if (readAgain < mostReadAgain) continue;
    yield batch;
    batch = [];
    readAgain = 0;
  }
  if (batch.length > 0) yield batch;
}

async function deliverBatch(
  connections: Iterable<Connection>,
  changes: readonly RowChange[],
  visibility: Visibility,
): Promise<void> {
  const audiences = await subscribersByAudience(connections, changes);
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

async function subscribersByAudience(
  connections: Iterable<Connection>,
  changes: readonly RowChange[],
): Promise<ReadonlyMap<string, readonly Subscriber[]>> {
  const pause = pauses();
  const audiences = new Map<string, Subscriber[]>();
  for (const connection of connections) {
    for (const channel of connection.channels.values()) {
      if (!(await matchesAny(channel, changes, pause))) continue;
      const subscribers = audiences.get(channel.audienceKey) ?? [];
      subscribers.push({ connection, channel });
      audiences.set(channel.audienceKey, subscribers);
    }
  }
  return audiences;
}

type Pause = ReturnType<typeof pauses>;

async function matchesAny(channel: Channel, changes: readonly RowChange[], pause: Pause): Promise<boolean> {
  for (const change of changes) {
    if (mayMatch(channel, change)) return true;
    const others = pause();
    if (others) await others;
  }
  return false;
}

async function deliverTo(
  subscribers: readonly Subscriber[],
  changes: readonly RowChange[],
  visibility: Visibility,
  encoded: EncodedChanges,
): Promise<void> {
  const [first] = subscribers;
  if (!first) return;
  const pause = pauses();
  const relevant: RowChange[] = [];
  for (const change of changes) {
    if (subscribers.some(({ channel }) => mayMatch(channel, change))) relevant.push(change);
    await pause();
  }
  if (relevant.length === 0) return;
  const visible = await visibility.visibleTo(first.channel.audience, relevant);
  for (const change of relevant) {
    if (!visible.has(change)) continue;
    for (const { connection, channel } of subscribers) {
      send(connection, channel, change, encoded);
      const others = pause();
      if (others) await others;
    }
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
