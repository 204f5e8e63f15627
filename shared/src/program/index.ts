export { untilAskedToStop } from './asked-to-stop.ts';
export { serveHealth } from './health-server.ts';
