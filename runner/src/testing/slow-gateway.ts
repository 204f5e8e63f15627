import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that starts, answers and stops as OpenClaw's gateway does, in a second: `slow-gateway.ts gateway run --port N`. */
const port = Number(process.argv.at(-1));
const startedAt = performance.now();
const startMs = 800;
const stopMs = 300;

process.on('SIGTERM', async () => {
  await sleep(stopMs);
  process.exit(0);
});
createServer((request, response) => {
  const isReady = request.url === '/healthz' || performance.now() - startedAt > startMs;
  response.writeHead(isReady ? 200 : 503).end();
}).listen(port, '127.0.0.1');
