import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { type GuildState, type Session, snowflake, userJson } from './guild-state.ts';

const frameSchema = z.object({ op: z.int(), d: z.unknown() });
const identification = z.object({
  token: z.string(),
  intents: z.int(),
  properties: z.object({}),
  shard: z.tuple([z.int(), z.int()]).optional(),
});
const resumption = z.object({ token: z.string(), session_id: z.string(), seq: z.int() });

/** Privileged intents: presences, members and message contents. */
const privilegedIntents = (1 << 8) | (1 << 1) | (1 << 15);
const guildsIntent = 1;
const sendsPerMinute = 120;

interface GatewayOptions {
  readonly heartbeatMs?: number;
  readonly namesNoServers?: boolean;
}

/** The WebSocket gateway: identify, heartbeat, dispatch, resume. */
export class Gateway {
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #state: GuildState;
  readonly #address: () => string;
  readonly #heartbeatMs: number;
  readonly #namesNoServers: boolean;
  #open = true;
  /** Counters for tests. */
  identified = 0;
  resumed = 0;
  heartbeats = 0;
  lastIntents: number | null = null;

  constructor(
    state: GuildState,
    address: () => string,
    { heartbeatMs = 41_250, namesNoServers = false }: GatewayOptions,
  ) {
    this.#state = state;
    this.#address = address;
    this.#heartbeatMs = heartbeatMs;
    this.#namesNoServers = namesNoServers;
  }

  get connected(): number {
    return [...this.#state.sessions.values()].filter(({ deliver }) => deliver).length;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#open) {
      socket.destroy();
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#greet(ws));
  }

  /** Dispatches to every session; a disconnected one gets it when it resumes. */
  dispatch(event: string, data: unknown): void {
    for (const session of this.#state.sessions.values()) this.#dispatchTo(session, event, data);
  }

  /** Ends every connection, with a close code or abruptly. The sessions can be resumed. */
  drop(code?: number): void {
    for (const ws of this.#sockets.clients) {
      if (code === undefined) ws.terminate();
      else ws.close(code);
    }
  }

  /** Sends op 7 (reconnect), op 9 (invalid session) or op 1 (heartbeat now) to every session. */
  order(op: 1 | 7 | 9, data: unknown = null): void {
    if (op === 9 && data === false) this.#state.sessions.clear();
    for (const ws of this.#sockets.clients) ws.send(JSON.stringify({ op, d: data, s: null, t: null }));
  }

  forgetSessions(): void {
    this.#state.sessions.clear();
  }

  /** Refuses connections while true. */
  refuseConnections(): void {
    this.#open = false;
    this.drop();
  }

  reopen(): void {
    this.#open = true;
  }

  close(): void {
    this.refuseConnections();
    this.#sockets.close();
  }

  #greet(ws: WebSocket): void {
    let session: Session | null = null;
    let sends = 0;
    const startedAt = Date.now();
    const leave = (code: number): void => {
      if (session) session.deliver = null;
      ws.close(code);
      this.#state.changed();
    };
    ws.on('close', () => {
      if (session) session.deliver = null;
      this.#state.changed();
    });
    ws.on('error', () => ws.terminate());
    ws.on('message', (raw) => {
      sends += 1;
      if (sends > sendsPerMinute && Date.now() - startedAt < 60_000) return leave(4008);
      const frame = parseFrame(raw.toString());
      if (!frame) return leave(4002);
      if (frame.op === 1) {
        this.heartbeats += 1;
        ws.send(JSON.stringify({ op: 11, d: null, s: null, t: null }));
        return;
      }
      if (frame.op !== 2 && frame.op !== 6) return leave(session ? 4001 : 4003);
      if (session) return leave(4005);
      if (frame.op === 2) {
        const parsed = identification.safeParse(frame.d);
        if (!parsed.success) return leave(4002);
        if (parsed.data.token !== this.#state.token) return leave(4004);
        if (parsed.data.intents & privilegedIntents) return leave(4014);
        session = this.#identify(ws, parsed.data.intents);
      } else {
        const parsed = resumption.safeParse(frame.d);
        if (!parsed.success) return leave(4002);
        if (parsed.data.token !== this.#state.token) return leave(4004);
        const known = this.#state.sessions.get(parsed.data.session_id);
        if (!known) {
          ws.send(JSON.stringify({ op: 9, d: false, s: null, t: null }));
          return;
        }
        if (parsed.data.seq > known.sequence) return leave(4007);
        session = known;
        this.#resume(ws, known, parsed.data.seq);
      }
      this.#state.changed();
    });
    ws.send(JSON.stringify({ op: 10, d: { heartbeat_interval: this.#heartbeatMs }, s: null, t: null }));
  }

  #identify(ws: WebSocket, intents: number): Session {
    this.identified += 1;
    this.lastIntents = intents;
    const session: Session = {
      id: randomUUID().replaceAll('-', ''),
      intents,
      sequence: 0,
      sent: [],
      deliver: (text) => ws.send(text),
    };
    this.#state.sessions.set(session.id, session);
    const channels = this.#namesNoServers ? [] : [...this.#state.channels.values()];
    const guilds = [...new Set(channels.flatMap(({ guild }) => guild ?? []))];
    this.#dispatchTo(session, 'READY', {
      v: 10,
      user: userJson(this.#state.botUser),
      guilds: guilds.map((id) => ({ id, unavailable: true })),
      session_id: session.id,
      session_type: 'normal',
      resume_gateway_url: this.#address(),
      shard: [0, 1],
      application: { id: this.#state.applicationId, flags: 0 },
    });
    if (intents & guildsIntent) {
      for (const id of guilds) this.#dispatchTo(session, 'GUILD_CREATE', guildJson(this.#state, id));
    }
    return session;
  }

  #resume(ws: WebSocket, session: Session, after: number): void {
    this.resumed += 1;
    session.deliver = (text) => ws.send(text);
    for (const { sequence, text } of session.sent) if (sequence > after) ws.send(text);
    this.#dispatchTo(session, 'RESUMED', {});
  }

  #dispatchTo(session: Session, event: string, data: unknown): void {
    session.sequence += 1;
    const text = JSON.stringify({ op: 0, s: session.sequence, t: event, d: data });
    session.sent.push({ sequence: session.sequence, text });
    if (session.sent.length > 1000) session.sent.shift();
    session.deliver?.(text);
  }
}

function parseFrame(text: string): z.output<typeof frameSchema> | null {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function guildJson(state: GuildState, id: string): Record<string, unknown> {
  return {
    id,
    name: 'Lab',
    owner_id: snowflake(),
    unavailable: false,
    member_count: state.users.size,
    large: false,
    joined_at: new Date().toISOString(),
    roles: [],
    emojis: [],
    features: [],
    members: [],
    threads: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    channels: [...state.channels.values()]
      .filter(({ guild }) => guild === id)
      .map(({ channel, name }) => ({ id: channel, type: 0, name, position: 0, permission_overwrites: [] })),
  };
}
