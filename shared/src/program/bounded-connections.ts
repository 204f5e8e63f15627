import {
  createServer,
  IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

export interface BoundedServerOptions {
  readonly server?: ServerOptions;
  readonly mostConnections: number;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade?: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
}

/**
 * Creates a server with a bound on its connections: for a new one, the one that was used least recently is closed. A connection
 * has one request at a time, as every usual client sends them; the next one before the answer ends it.
 */
export function boundedServer({
  server: options = {},
  mostConnections,
  handle,
  upgrade,
}: BoundedServerOptions) {
  const server: Server = createServer({ ...options, IncomingMessage: SoleRequest });
  const strangers = new RecentSockets(mostConnections);
  server.on('connection', (socket: Socket) => strangers.use(socket));
  server.on('request', (request, response) => {
    const { socket } = request;
    answering.add(socket);
    response.once('close', () => answering.delete(socket));
    if (strangers.has(socket)) strangers.use(socket);
    handle(request, response);
  });
  server.on('upgrade', (request, socket: Socket, head) => {
    if (answering.has(socket) || upgrade === undefined) socket.destroy();
    else upgrade(request, socket, head);
  });
  return {
    server,
    /** Takes a connection out of the bound, and puts it under that of `others` if there is one. */
    exempt: (socket: Socket, others?: RecentSockets): void => {
      strangers.delete(socket);
      others?.use(socket);
    },
  };
}

/** Connections whose request has no answer yet. */
const answering = new WeakSet<Socket>();
const last = new WeakSet<IncomingMessage>();

/**
 * A request before the answer to the last one says that it is an upgrade. Node reads nothing after an upgrade: else it would
 * begin thousands of requests that arrived together before anything else.
 */
class SoleRequest extends IncomingMessage {
  get upgrade(): boolean {
    return last.has(this);
  }

  set upgrade(isUpgrade: boolean | null) {
    if (isUpgrade || answering.has(this.socket)) last.add(this);
    else last.delete(this);
  }
}

/** Sockets in the order of their last use. Destroys the first one when there are too many. */
export class RecentSockets {
  readonly #most: number;
  readonly #sockets = new Set<Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  has(socket: Socket): boolean {
    return this.#sockets.has(socket);
  }

  use(socket: Socket): void {
    if (!this.#sockets.delete(socket)) socket.once('close', () => this.#sockets.delete(socket));
    if (socket.destroyed) return;
    this.#sockets.add(socket);
    const [oldest] = this.#sockets;
    if (this.#sockets.size > this.#most) oldest?.destroy();
  }

  delete(socket: Socket): void {
    this.#sockets.delete(socket);
  }
}
