import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { z } from 'zod';

/** Announcements of an OpenClaw of another version. */
export interface StandIn {
  readonly version: string;
  readonly methods: readonly string[];
  /** Findings about its plugins. */
  readonly diagnostics: readonly { readonly pluginId: string; readonly message: string }[];
}

const request = z.object({
  type: z.literal('req'),
  id: z.string(),
  method: z.string(),
  params: z.looseObject({}).default({}),
});
const connect = z.object({
  minProtocol: z.number().max(4),
  maxProtocol: z.number().min(4),
  auth: z.object({ token: z.string() }),
});

/** Serves OpenClaw's port as `openclaw gateway run` does it: the probe of the start, the handshake, and `plugins.list`. */
export function serveOpenClaw({ version, methods, diagnostics }: StandIn): void {
  const server = createServer((incoming, response) => {
    response.writeHead(incoming.url === '/startupz' ? 200 : 404).end();
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    let isSignedIn = false;
    const send = (message: object) => socket.send(JSON.stringify(message));
    const answer = (method: string, params: object): object => {
      if (method === 'connect') {
        const { token } = connect.parse(params).auth;
        isSignedIn = token === process.env.OPENCLAW_GATEWAY_TOKEN;
        if (!isSignedIn) return refusal('AUTH_TOKEN_MISMATCH', 'unauthorized: token mismatch');
        return { ok: true, payload: { server: { version }, features: { methods }, auth: { scopes: [] } } };
      }
      if (!isSignedIn || !methods.includes(method))
        return refusal('INVALID_REQUEST', `unknown method: ${method}`);
      return { ok: true, payload: method === 'plugins.list' ? { plugins: [], diagnostics } : {} };
    };
    send({ type: 'event', event: 'connect.challenge', payload: { nonce: 'nonce', ts: 1 } });
    socket.on('message', (data) => {
      const { id, method, params } = request.parse(JSON.parse(String(data)));
      send({ type: 'res', id, ...answer(method, params) });
    });
  });
  process.once('SIGTERM', () => process.exit(0));
  server.listen(Number(process.argv.at(-1)), '127.0.0.1');
}

const refusal = (code: string, message: string) => ({ ok: false, error: { code, message } });
