import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { createContext, use, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { type AgentActions, createAgentActions } from '../actions/agent-actions.tsx';
import { type ChatActions, createChatActions } from '../actions/chat-actions.tsx';
import { type CommandActions, createCommandActions } from '../actions/command-actions.tsx';
import { createNeedActions, type NeedActions } from '../actions/need-actions.ts';
import { createSecretActions, type SecretActions } from '../actions/secret-actions.tsx';
import { createLookups, type Lookups } from '../columns/lookups.ts';
import type { RowContext } from '../columns/row-context.ts';
import type { Feed, OpenFeed, Session, Snapshot } from '../session/session.ts';
import { ListStore } from '../widgets/list.ts';
import { Messages } from './messages.ts';
import { Overlays } from './overlays.tsx';
import { Router } from './router.ts';
import { RowUpdates } from './row-updates.ts';
import type { Screen } from './screen.ts';
import { Store, useStore } from './store.ts';
import type { TerminalHost } from './terminal-host.ts';
import type { ViewPlace } from './view.ts';

const tickMs = 1_000;

/** The parts of the open screen that keys of every screen use. */
interface ScreenState {
  readonly title: string;
  /** The name or id of what is selected or open. */
  readonly copyText: string | null;
  /** Returns the visible body as plain text. */
  readonly bodyText: () => string;
  /** The target of an action that names none. */
  readonly gateway: GatewayRow | null;
  readonly agent: AgentRow | null;
}

/** Everything that the components of a signed-in session share. */
export interface Ui {
  readonly host: TerminalHost;
  readonly session: Session;
  readonly screens: readonly Screen[];
  readonly isReadonly: boolean;
  readonly router: Router;
  readonly overlays: Overlays;
  readonly messages: Messages;
  readonly rows: RowUpdates;
  /** Epoch milliseconds by the database's clock, once a second. */
  readonly clock: Store<number>;
  readonly mouse: Store<boolean>;
  readonly commands: CommandActions;
  readonly agents: AgentActions;
  readonly secrets: SecretActions;
  readonly chat: ChatActions;
  readonly needs: NeedActions;
  readonly lookups: () => Lookups;
  /** The state of a list, which outlives its screen. */
  readonly list: (name: string) => ListStore;
  screen: ScreenState;
  readonly place: ViewPlace;
  readonly close: () => Promise<void>;
}

export function createUi(
  session: Session,
  options: {
    readonly host: TerminalHost;
    readonly screens: readonly Screen[];
    readonly isReadonly: boolean;
    readonly place: ViewPlace | null;
  },
): Ui {
  const { host, screens, isReadonly } = options;
  const userId = session.member.user_id;
  const place =
    options.place?.userId === userId
      ? options.place
      : { userId, router: new Router(screens[0]?.name ?? ''), lists: new Map<string, ListStore>() };
  const { router, lists } = place;
  const rows = new RowUpdates();
  const overlays = new Overlays();
  const messages = new Messages(host.now);
  const clock = new Store(session.now());
  const lookup = createLookups();
  const lookups = (): Lookups =>
    lookup(
      session.gateways.getSnapshot().rows,
      session.agents.getSnapshot().rows,
      session.commands.getSnapshot().rows,
      session.health.getSnapshot().rows,
    );
  const isFiltering = (): boolean => [...lists.values()].some(({ state }) => state.get().prompt !== null);
  const context = { messages, overlays, router, isReadonly, isFiltering };
  const commands = createCommandActions(session, context, (id) => lookups().openCommandsOf.get(id) ?? []);
  // The header and most screens need these: their queries go on while other screens are open.
  const stops = [
    ...[session.gateways, session.agents, session.commands, session.notifications, session.workspace],
  ].map((feed) => rows.subscribe(feed, () => undefined));
  stops.push(router.trail.subscribe(() => overlays.close()));
  const tick = setInterval(() => {
    messages.expire();
    clock.set(session.now());
  }, tickMs);
  return {
    host,
    session,
    screens,
    isReadonly,
    router,
    overlays,
    messages,
    rows,
    clock,
    mouse: new Store(false),
    commands,
    agents: createAgentActions(session, context),
    secrets: createSecretActions(session, context),
    chat: createChatActions(session, context),
    needs: createNeedActions(session, context, commands),
    lookups,
    list(name) {
      const list = lists.get(name) ?? new ListStore();
      lists.set(name, list);
      return list;
    },
    screen: { title: '', copyText: null, bodyText: () => '', gateway: null, agent: null },
    place,
    async close() {
      clearInterval(tick);
      for (const stop of stops) stop();
      commands.close();
      rows.close();
      await session.close();
    },
  };
}

export const UiContext = createContext<Ui | null>(null);

export function useUi(): Ui {
  const ui = use(UiContext);
  if (ui === null) throw new Error('A component of a session was rendered without one.');
  return ui;
}

export function useFeed<Row>(feed: Feed<Row>): Snapshot<Row> {
  const { rows } = useUi();
  const subscribe = useCallback((listener: () => void) => rows.subscribe(feed, listener), [rows, feed]);
  return useSyncExternalStore(subscribe, feed.getSnapshot);
}

export function useRows<Row>(feed: Feed<Row>): readonly Row[] {
  return useFeed(feed).rows;
}

/** Opens a feed that only this component shows, and closes it when the component goes. */
export function useOpenFeed<Row>(open: () => OpenFeed<Row>): OpenFeed<Row> {
  const [feed] = useState(open);
  useEffect(() => () => feed.close(), [feed]);
  return feed;
}

/** The lookups, the time and the member, from which cells are made besides their rows. */
export function useRowContext(): RowContext {
  const { session, clock, lookups: current } = useUi();
  useRows(session.gateways);
  useRows(session.agents);
  useRows(session.commands);
  useRows(session.health);
  const lookups = current();
  const now = useStore(clock);
  const { member } = session;
  return useMemo(() => ({ lookups, now, member }), [lookups, now, member]);
}

/** True before the first read: a list is then not known to be empty. */
export function useIsLoading(): boolean {
  return useStore(useUi().rows.connection).status === 'loading';
}
