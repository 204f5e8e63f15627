export { type Backoff, backoffMs, sleep } from './backoff.ts';
export { DueLoop } from './due-loop.ts';
export { environmentFlag } from './environment-flag.ts';
export { fileFault } from './file-fault.ts';
export { freePort } from './free-port.ts';
export { serveHealth } from './health-server.ts';
export { readPrivate, writePrivate } from './private-file.ts';
export { untilShutdownSignal } from './shutdown-signal.ts';
export { timedOut, withinLimit } from './time-limit.ts';
