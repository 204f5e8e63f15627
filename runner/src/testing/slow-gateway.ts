import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayStatus } from '@hq/shared/gateway';

/** A program that starts, answers and stops as hq-gateway does, in a second. */
const { GATEWAY_PORT: port, CONTROL_SOCKET: socket = '' } = process.env;
const startedAt = performance.now();
const startMs = 800;
const stopMs = 300;

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, async () => {
    await sleep(stopMs);
    process.exit(0);
  });
}
createServer((_request, response) => response.writeHead(200).end()).listen(Number(port), '127.0.0.1');
rmSync(socket, { force: true });
createServer((_request, response) => {
  const status: GatewayStatus = {
    ready: performance.now() - startedAt > startMs,
    version: null,
    doing: 'openclaw',
    agents: [],
    confinement: { exec: false, browser: false, reason: null },
    steps: [],
    missing: [],
    rehearsal: false,
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}).listen(socket);
