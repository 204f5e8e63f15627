import { HqError } from '@hq/shared/errors';
import { GatewayControl } from '../gateway-control.ts';
import type { HandlerContext } from '../handler.ts';
import type { Stack } from '../stack.ts';

const missingAgents = () => Promise.reject(new HqError('not_found', 'This stack has no agents.'));
const missing = new HqError('not_found', 'This stack has no services.');

/** A stack without services, for tests of the runner itself. */
export const noServices: Stack = {
  kind: 'process',
  gateway: new GatewayControl('/nowhere'),
  services: () => Promise.resolve([]),
  restart: () => Promise.reject(missing),
  logs: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(missing) }) }),
  watch: () => () => undefined,
  close: () => Promise.resolve(),
};

/** Agents of a stack that has none. */
export const noAgents: HandlerContext['agents'] = {
  sync: missingAgents,
  remove: missingAgents,
  approvePairing: missingAgents,
  resetSession: missingAgents,
  readSession: missingAgents,
  untilReady: missingAgents,
};
