import { HqError } from '@hq/shared/errors';
import { GatewayControl } from '../gateway-control.ts';
import type { Stack } from '../stack.ts';

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
