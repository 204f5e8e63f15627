import { type Attention, needsAttention } from '@hq/shared/fleet';
import type {
  AgentRow,
  AuditRow,
  ChatLinkRow,
  CommandOutputRow,
  CommandRow,
  GatewayRow,
  NotificationRow,
  SecretRow,
} from '@hq/shared/rows';
import { agentsTable } from '../columns/agents.ts';
import { alertsTable } from '../columns/alerts.ts';
import { auditTable } from '../columns/audit.ts';
import { chatLinksTable } from '../columns/chat-links.ts';
import { commandsTable } from '../columns/commands.ts';
import { gatewaysTable } from '../columns/gateways.ts';
import { createLookups } from '../columns/lookups.ts';
import { memoizeLast } from '../columns/memoize-last.ts';
import type { RowContext } from '../columns/row-context.ts';
import { secretsTable } from '../columns/secrets.ts';
import { type LayeredSecret, layered } from '../secrets/layers.ts';
import type { Feed, House, OpenFeed, Snapshot } from './house.ts';
import { type Link, linkOf } from './link.ts';
import { List } from './list.ts';
import { listBody } from './list-body.ts';
import type { Place } from './place.ts';
import { agentBody } from './screens/agent-screen.ts';
import { chatBody } from './screens/chat-screen.ts';
import { commandBody } from './screens/command-screen.ts';
import { fleetBody } from './screens/fleet-screen.ts';
import { secretBody } from './screens/secret-screen.ts';
import { secretsBody } from './screens/secrets-screen.ts';
import { Scroll } from './scroll.ts';
import type { Body, Room } from './view.ts';

/** How often what needs attention is looked over when no row changed. */
const attentionEveryMs = 5_000;

/** What a signed-in operator sees: the rows of the house, the lists over them, and the one thing that is open. */
export class Inside {
  readonly house: House;
  readonly fleet = new List<GatewayRow, RowContext>(gatewaysTable, { column: 'gateway', descending: false });
  readonly agents = new List<AgentRow, RowContext>(agentsTable, { column: 'agent', descending: false });
  readonly commands = new List<CommandRow, RowContext>(commandsTable, { column: 'asked', descending: true });
  readonly commandsOfAgent = new List<CommandRow, RowContext>(commandsTable, {
    column: 'asked',
    descending: true,
  });
  readonly alerts = new List<NotificationRow, RowContext>(alertsTable, { column: 'when', descending: true });
  readonly audit = new List<AuditRow, RowContext>(auditTable, { column: 'when', descending: true });
  readonly secrets = new List<LayeredSecret, RowContext>(secretsTable, { column: 'key', descending: false });
  readonly chatLinks = new List<ChatLinkRow, RowContext>(chatLinksTable, {
    column: 'linked',
    descending: true,
  });
  scroll = new Scroll();

  readonly #changed: () => void;
  #held: Held;
  readonly #stops: (() => void)[] = [];
  #place: Place = { screen: 'fleet' };
  #openFeeds: { feed: OpenFeed<unknown>; stop: () => void }[] = [];
  #command: OpenFeed<CommandRow> | null = null;
  #output: OpenFeed<CommandOutputRow> | null = null;
  #ofAgent: OpenFeed<CommandRow> | null = null;
  /** Stop the feeds that only this place shows. */
  #stopsOwn: readonly (() => void)[] = [];
  readonly #survey = createLookups();
  readonly #attention = memoizeLast<readonly Attention[]>();
  readonly #agentsHere = memoizeLast<readonly AgentRow[]>();
  readonly #layered = memoizeLast<readonly LayeredSecret[]>();
  readonly #living = memoizeLast<readonly ChatLinkRow[]>();
  readonly #openAlerts = memoizeLast<readonly NotificationRow[]>();

  constructor(house: House, changed: () => void) {
    this.house = house;
    this.#changed = changed;
    this.#held = held(house);
    for (const feed of [house.gateways, house.agents, house.commands, house.alerts])
      this.#stops.push(feed.subscribe(changed));
  }

  /**
   * Takes the rows as they are now. What is looked up and counted over them is not done anew for a key press, so that the
   * answer to a key does not wait for it.
   */
  take(): void {
    this.#held = held(this.house);
  }

  get place(): Place {
    return this.#place;
  }

  /** Goes to a place: opens what only it needs, and closes what the last one needed. */
  goTo(place: Place): void {
    this.#place = place;
    for (const { feed, stop } of this.#openFeeds) {
      stop();
      feed.close();
    }
    this.#openFeeds = [];
    this.#command = null;
    this.#output = null;
    this.#ofAgent = null;
    const before = this.#stopsOwn;
    this.#stopsOwn = this.#ownFeeds().map((feed) => feed.subscribe(this.#changed));
    for (const stop of before) stop();
    if (place.screen === 'command') {
      this.scroll = new Scroll();
      this.#command = this.#open(this.house.openCommand(place.id));
      this.#output = this.#open(this.house.openOutput(place.id));
    } else if (place.screen === 'agent') {
      this.#ofAgent = this.#open(this.house.openCommandsOfAgent(place.id));
    }
  }

  /** What is watched only while its place is open. */
  #ownFeeds(): readonly Feed<unknown>[] {
    const { audit, secrets, chatLinks, chatChannels, chatBots } = this.house;
    const { screen } = this.#place;
    if (screen === 'audit') return [audit];
    if (screen === 'chat') return [chatLinks, chatChannels, chatBots];
    return screen === 'secrets' || screen === 'secret' ? [secrets] : [];
  }

  #open<Row>(feed: OpenFeed<Row>): OpenFeed<Row> {
    this.#openFeeds.push({ feed, stop: feed.subscribe(this.#changed) });
    return feed;
  }

  async close(): Promise<void> {
    this.goTo({ screen: 'fleet' });
    for (const stop of this.#stops) stop();
    await this.house.close();
  }

  link(): Link {
    const { gateways, agents, commands, alerts } = this.#held;
    const open: Feed<unknown>[] = this.#openFeeds.map(({ feed }) => feed);
    open.push(...this.#ownFeeds());
    return linkOf([gateways, agents, commands, alerts, ...open.map((feed) => feed.getSnapshot())]);
  }

  /** The newest commands of all. */
  newest(): readonly CommandRow[] {
    return this.#held.commands.rows;
  }

  context(): RowContext {
    const gateways = this.#held.gateways.rows;
    const agents = this.#held.agents.rows;
    const commands = this.#held.commands.rows;
    return {
      lookups: this.#survey(gateways, agents, commands),
      now: this.house.now(),
      member: this.house.member,
    };
  }

  /** Brings the list of the place up to date with the rows. */
  update(context: RowContext): void {
    const { lookups: rows } = context;
    switch (this.#place.screen) {
      case 'fleet':
        // Conditions change with time alone.
        this.fleet.update(this.#held.gateways.rows, context, [rows, Math.floor(context.now / 1000)]);
        break;
      case 'agents':
        this.agents.update(this.#agentsOf(this.#place.gateway), context, [rows]);
        break;
      case 'agent':
        this.commandsOfAgent.update(this.#ofAgent?.getSnapshot().rows ?? [], context, [rows]);
        break;
      case 'commands':
        this.commands.update(this.#held.commands.rows, context, [rows]);
        break;
      case 'alerts':
        this.alerts.update(this.openAlerts(), context, [rows]);
        break;
      case 'audit':
        this.audit.update(this.house.audit.getSnapshot().rows, context, [rows]);
        break;
      case 'secrets':
        this.secrets.update(this.#layeredSecrets(), context, [rows]);
        break;
      case 'chat':
        this.chatLinks.update(this.#livingLinks(), context, [rows]);
        break;
    }
  }

  #agentsOf(gateway: string | null): readonly AgentRow[] {
    const { rows } = this.#held.agents;
    if (gateway === null) return rows;
    return this.#agentsHere([rows, gateway], () => rows.filter(({ gateway_id }) => gateway_id === gateway));
  }

  #livingLinks(): readonly ChatLinkRow[] {
    const { rows } = this.house.chatLinks.getSnapshot();
    return this.#living([rows], () => rows.filter(({ revoked_at }) => revoked_at === null));
  }

  #layeredSecrets(): readonly LayeredSecret[] {
    const rows: readonly SecretRow[] = this.house.secrets.getSnapshot().rows;
    return this.#layered([rows], () => layered(rows));
  }

  openAlerts(): readonly NotificationRow[] {
    const { rows } = this.#held.alerts;
    return this.#openAlerts([rows], () => rows.filter(({ dismissed_at }) => dismissed_at === null));
  }

  attention(context: RowContext): readonly Attention[] {
    const gateways = this.#held.gateways.rows;
    const notifications = this.#held.alerts.rows;
    const agents = this.#held.agents.rows;
    const commands = this.#held.commands.rows;
    const moment = Math.floor(context.now / attentionEveryMs);
    return this.#attention([gateways, notifications, agents, commands, moment], () =>
      needsAttention({ gateways, agents, commands, notifications }, context.now),
    );
  }

  body(context: RowContext, room: Room): Body {
    const isLoading = this.link().status === 'loading';
    const empty = (...sentences: string[]): readonly string[] => (isLoading ? ['Reading'] : sentences);
    switch (this.#place.screen) {
      case 'fleet':
        return fleetBody(
          {
            list: this.fleet,
            attention: this.attention(context),
            commands: this.#held.commands.rows,
            isLoading,
          },
          context,
          room,
        );
      case 'agents':
        return listBody(this.agents, context, room, empty('No agent works here yet.'));
      case 'agent':
        return agentBody({ agent: this.agent(), commands: this.commandsOfAgent }, context, room);
      case 'commands':
        return listBody(this.commands, context, room, empty('Nothing was asked yet.', ': does something'));
      case 'command':
        return commandBody(
          {
            command: this.command(),
            isMissing: this.#command?.getSnapshot().status !== 'loading',
            output: this.#output?.getSnapshot().rows ?? [],
            scroll: this.scroll,
          },
          context,
          room,
        );
      case 'alerts':
        return listBody(this.alerts, context, room, empty('No alerts.'));
      case 'audit':
        return listBody(this.audit, context, room, empty('Nothing was done yet.'));
      case 'secrets':
        return secretsBody(this.secrets, context, room, empty('No secrets yet.', 'a stores one'));
      case 'secret':
        return secretBody(this.secret(), context, room);
      case 'chat':
        return chatBody(
          {
            links: this.chatLinks,
            channels: this.house.chatChannels.getSnapshot().rows,
            bots: this.house.chatBots.getSnapshot().rows,
            whenEmpty: empty('No chat account is linked.', 'c gives a code for yours'),
          },
          context,
          room,
        );
    }
  }

  agent(): AgentRow | null {
    if (this.#place.screen !== 'agent') return null;
    return this.context().lookups.agents.get(this.#place.id) ?? null;
  }

  /** The command of the Command screen, from the newest rows until its own feed has it. */
  command(): CommandRow | null {
    const { id } = this.#place.screen === 'command' ? this.#place : { id: '' };
    const own = this.#command?.getSnapshot().rows[0];
    const known = this.#held.commands.rows.find((row) => row.id === id);
    if (own === undefined || known === undefined) return own ?? known ?? null;
    // Two feeds may be a moment apart; the row never goes back.
    return Date.parse(known.updated_at) > Date.parse(own.updated_at) ? known : own;
  }

  /** The secret that is open or selected. */
  secret(): LayeredSecret | null {
    if (this.#place.screen === 'secrets') return this.secrets.selected;
    const { id } = this.#place.screen === 'secret' ? this.#place : { id: '' };
    return this.#layeredSecrets().find((secret) => secret.id === id) ?? null;
  }

  output(): readonly CommandOutputRow[] {
    return this.#output?.getSnapshot().rows ?? [];
  }

  /** The gateway that an action would be aimed at here. */
  gateway(): GatewayRow | null {
    const { gateways } = this.context().lookups;
    const of = (id: string | null | undefined): GatewayRow | null => (id ? (gateways.get(id) ?? null) : null);
    const only = gateways.size === 1 ? ([...gateways.values()][0] ?? null) : null;
    switch (this.#place.screen) {
      case 'fleet':
        return this.fleet.selected;
      case 'agents':
        return of(this.agents.selected?.gateway_id ?? this.#place.gateway) ?? only;
      case 'agent':
        return of(this.agent()?.gateway_id) ?? only;
      case 'commands':
        return of(this.commands.selected?.gateway_id) ?? only;
      case 'command':
        return of(this.command()?.gateway_id) ?? only;
      case 'secrets':
      case 'secret':
        return of(this.secret()?.gateway_id) ?? only;
      default:
        return only;
    }
  }

  /** The agent that an action would be aimed at here. */
  agentHere(): AgentRow | null {
    return this.#place.screen === 'agents' ? this.agents.selected : this.agent();
  }

  /** The list that the keys of a list move in; none on the screens of one command and one secret. */
  list(): AnyList | null {
    const lists: Readonly<Record<Place['screen'], AnyList | null>> = {
      fleet: this.fleet,
      agents: this.agents,
      agent: this.commandsOfAgent,
      commands: this.commands,
      command: null,
      alerts: this.alerts,
      audit: this.audit,
      secrets: this.secrets,
      secret: null,
      chat: this.chatLinks,
    };
    return lists[this.#place.screen];
  }
}

/** The rows of one moment. */
interface Held {
  readonly gateways: Snapshot<GatewayRow>;
  readonly agents: Snapshot<AgentRow>;
  readonly commands: Snapshot<CommandRow>;
  readonly alerts: Snapshot<NotificationRow>;
}

function held({ gateways, agents, commands, alerts }: House): Held {
  return {
    gateways: gateways.getSnapshot(),
    agents: agents.getSnapshot(),
    commands: commands.getSnapshot(),
    alerts: alerts.getSnapshot(),
  };
}

/** A list whose rows do not matter: what keys can do to any of them. */
export interface AnyList {
  readonly filter: string;
  readonly sort: { readonly column: string; readonly descending: boolean } | null;
  readonly total: number;
  readonly index: number;
  readonly rows: readonly unknown[];
  readonly table: { readonly columns: readonly { readonly key: string; readonly header: string }[] };
  setFilter(filter: string): void;
  sortByNext(width: number): void;
  turnSort(): void;
  move(by: number): void;
  moveTo(index: number): void;
}
