import { HqError } from '@hq/shared/errors';
import type { DispatchLimits } from '../dispatch/exchange.ts';
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

/** Limits of a dispatcher that wakes nobody. */
export const noWakes: DispatchLimits = {
  max_concurrent_wakes: 0,
  wake_cooldown: 30,
  max_wake_cooldown: 900,
  max_consecutive_failures: 5,
  agent_process_timeout: 300,
  stale_item_age_hours: 24,
};

/** A dispatcher without turns. */
export const noDispatcher: HandlerContext['dispatcher'] = { restart: () => 0 };

/** Agents of a stack that has none. */
export const noAgents: HandlerContext['agents'] = {
  sync: missingAgents,
  remove: missingAgents,
  approvePairing: missingAgents,
  resetSession: missingAgents,
  readSession: missingAgents,
  untilReady: missingAgents,
};
