import type { Server } from 'node:http';
import { HqError } from '../errors.ts';
import { type BoundedServerOptions, boundedServer } from './bounded-connections.ts';

/** Only a supervisor asks, and seldom. */
const mostConnections = 50;

/** Serves `GET /healthz` on loopback, with 503 for the status `failing`. Throws `usage` if HEALTH_PORT is not free. */
export async function serveHealth(
  port: number,
  answer: () => { readonly status: string },
): Promise<{ readonly port: number; readonly close: () => void }> {
  const handle: BoundedServerOptions['handle'] = (request, response) => {
    if (request.url !== '/healthz' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404).end();
      return;
    }
    const health = answer();
    response.writeHead(health.status === 'failing' ? 503 : 200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(health)}\n`);
  };
  const { server } = boundedServer({ mostConnections, handle });
  await listen(server, port);
  server.unref();
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? port) : port, close: () => server.close() };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new HqError('usage', `HEALTH_PORT ${port} is not free.`, {
          hint: 'Set HEALTH_PORT to a free port, or to 0 for any.',
          field: 'HEALTH_PORT',
          cause,
        }),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}
