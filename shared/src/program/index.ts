export { serveHealth } from './health-server.ts';
export { untilShutdownSignal } from './shutdown-signal.ts';
