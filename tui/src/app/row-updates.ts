import { type Connection, connectionOf } from '../session/connection.ts';
import type { Feed, OpenFeed, Session, Snapshot } from '../session/session.ts';
import { Store } from './store.ts';

/** Milliseconds between two frames for rows that change; a key is answered at once. */
const frameMs = 100;

interface Subscribed {
  readonly held: Snapshot<unknown>;
  /** Takes the rows of its source, and gives the listeners that have to know. */
  take(): Iterable<() => void>;
}

/** Takes up changed rows at most ten times a second, those of every feed together, so that one commit shows them. */
export class RowUpdates {
  readonly connection: Store<Connection> = new Store<Connection>(connectionOf([]));
  readonly #subscribed = new Set<Subscribed>();
  readonly #changed = new Set<Subscribed>();
  #takenAt = 0;
  #timer: NodeJS.Timeout | null = null;

  /** The same session, with feeds whose rows stand still between two frames. */
  slow(session: Session): Session {
    return {
      ...session,
      gateways: this.#slow(session.gateways),
      agents: this.#slow(session.agents),
      commands: this.#slow(session.commands),
      notifications: this.#slow(session.notifications),
      audit: this.#slow(session.audit),
      secrets: this.#slow(session.secrets),
      chatLinks: this.#slow(session.chatLinks),
      chatChannels: this.#slow(session.chatChannels),
      chatBots: this.#slow(session.chatBots),
      command: (id) => this.#slowOpen(session.command(id)),
      commandOutput: (id) => this.#slowOpen(session.commandOutput(id)),
      commandsOfAgent: (id) => this.#slowOpen(session.commandsOfAgent(id)),
    };
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #slowOpen<Row>(source: OpenFeed<Row>): OpenFeed<Row> {
    return { ...this.#slow(source), close: () => source.close() };
  }

  #slow<Row>(source: Feed<Row>): Feed<Row> {
    const listeners = new Set<() => void>();
    let held = source.getSnapshot();
    let stop: (() => void) | null = null;
    const subscribed: Subscribed = {
      get held() {
        return held;
      },
      take() {
        held = source.getSnapshot();
        return listeners;
      },
    };
    return {
      getSnapshot: () => (stop === null ? source.getSnapshot() : held),
      subscribe: (listener) => {
        listeners.add(listener);
        if (stop === null) {
          held = source.getSnapshot();
          stop = source.subscribe(() => this.#soon(subscribed));
          this.#subscribed.add(subscribed);
          this.#look();
        }
        return () => {
          listeners.delete(listener);
          if (listeners.size > 0) return;
          stop?.();
          stop = null;
          this.#subscribed.delete(subscribed);
          this.#changed.delete(subscribed);
          this.#look();
        };
      },
    };
  }

  #soon(changed: Subscribed): void {
    this.#changed.add(changed);
    const pause = Math.max(0, this.#takenAt + frameMs - Date.now());
    this.#timer ??= setTimeout(() => this.#take(), pause);
  }

  #take(): void {
    this.#timer = null;
    this.#takenAt = Date.now();
    const listeners = new Set([...this.#changed].flatMap((feed) => [...feed.take()]));
    this.#changed.clear();
    for (const listener of listeners) listener();
    this.#look();
  }

  #look(): void {
    const next = connectionOf([...this.#subscribed].map(({ held }) => held));
    const { status, asOf, reason } = this.connection.get();
    if (next.status !== status || next.asOf !== asOf || next.reason !== reason) this.connection.set(next);
  }
}
