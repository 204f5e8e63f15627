import { HqError } from '@hq/shared/errors';
import type { Stack } from '../stack.ts';

const missing = new HqError('not_found', 'This stack has no services.');

/** A stack without services, for tests of the runner itself. */
export const noServices: Stack = {
  kind: 'process',
  services: () => Promise.resolve([]),
  restart: () => Promise.reject(missing),
  logs: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(missing) }) }),
  callOpenClaw: () => Promise.reject(new HqError('unreachable', 'This stack has no OpenClaw.')),
  watch: () => () => undefined,
  close: () => Promise.resolve(),
};
