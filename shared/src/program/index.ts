export { type Backoff, backoffMs, sleep } from './backoff.ts';
export { serveHealth } from './health-server.ts';
export { untilShutdownSignal } from './shutdown-signal.ts';
export { timedOut, withinLimit } from './time-limit.ts';
