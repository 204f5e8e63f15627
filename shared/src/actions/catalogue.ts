import { z } from 'zod';
import { defineAction } from './action.ts';
import { databaseActions } from './database-actions.ts';
import { describeServices, serviceStatus } from './services.ts';

const nothing = z.strictObject({});

const restarted = z.object({
  /** The service that was restarted, by its name in the stack. */
  service: z.string(),
  /** Milliseconds from the request to healthy again. */
  tookMs: z.number().nonnegative(),
});

/**
 * Everything an operator can do. The palette, the one-shot commands, confirmations, help, the reference page and the
 * database's own policy rows are made from these entries, and the runner's handlers are typed by them.
 */
export const catalogue = {
  ping: defineAction({
    title: 'Ping the runner',
    summary: 'Checks that the gateway’s runner takes commands and answers.',
    target: 'gateway',
    hand: 'runner',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 10,
    whilePaused: false,
    payload: nothing,
    result: z.object({ runner: z.string() }),
    tell: ({ runner }) => `answered by ${runner}`,
  }),
  stack_status: defineAction({
    title: 'Show the stack',
    summary: 'Lists the services of the gateway’s stack with the health of each.',
    target: 'gateway',
    hand: 'runner',
    role: 'viewer',
    danger: 'read',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 30,
    whilePaused: false,
    payload: nothing,
    result: z.object({ services: z.array(serviceStatus) }),
    tell: ({ services }) => describeServices(services),
  }),
  tail_logs: defineAction({
    title: 'Tail the logs',
    summary: 'Shows the last log lines of one service, with known secrets taken out.',
    target: 'gateway',
    hand: 'runner',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 60,
    whilePaused: false,
    payload: z.strictObject({
      service: z
        .string()
        .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'a service name: lower-case letters, digits, - and _')
        .default('gateway')
        .describe('The service whose log to read'),
      lines: z.int().min(1).max(1000).default(100).describe('How many lines, 1 to 1000'),
    }),
    result: z.object({ service: z.string(), lines: z.int().nonnegative() }),
    tell: ({ service, lines }) => `${lines} ${lines === 1 ? 'line' : 'lines'} of ${service}`,
  }),
  restart_gateway: defineAction({
    title: 'Restart the gateway',
    summary: 'Restarts the gateway service and waits until it is healthy again.',
    target: 'gateway',
    hand: 'runner',
    role: 'operator',
    danger: 'disruptive',
    lane: 'stack',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 300,
    whilePaused: false,
    payload: nothing,
    result: restarted,
    tell: ({ service, tookMs }) => `${service} healthy again after ${(tookMs / 1000).toFixed(1)} s`,
  }),
  restart_dispatcher: defineAction({
    title: 'Restart the dispatcher',
    summary: 'Restarts the service that wakes agents for their inbox, and waits until it is healthy again.',
    target: 'gateway',
    hand: 'runner',
    role: 'operator',
    danger: 'disruptive',
    lane: 'stack',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 120,
    whilePaused: false,
    payload: nothing,
    result: restarted,
    tell: ({ service, tookMs }) => `${service} healthy again after ${(tookMs / 1000).toFixed(1)} s`,
  }),
  pause_gateway: defineAction({
    title: 'Pause the gateway',
    summary: 'Stops the gateway from taking commands and waking agents until it is resumed.',
    target: 'gateway',
    hand: 'runner',
    role: 'operator',
    danger: 'reversible',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 30,
    whilePaused: true,
    undo: 'resume_gateway',
    payload: nothing,
    result: z.object({ status: z.literal('paused') }),
    tell: () => 'paused; nothing runs until it is resumed',
  }),
  resume_gateway: defineAction({
    title: 'Resume the gateway',
    summary: 'Lets a paused gateway take commands and wake agents again.',
    target: 'gateway',
    hand: 'runner',
    role: 'operator',
    danger: 'reversible',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 30,
    whilePaused: true,
    undo: 'pause_gateway',
    payload: nothing,
    result: z.object({ status: z.literal('ready') }),
    tell: () => 'taking commands again',
  }),
  ...databaseActions,
} as const;

export type Catalogue = typeof catalogue;
export type ActionName = keyof Catalogue;
/** The actions that a runner needs a handler for. */
export type RunnerActionName = {
  [Name in ActionName]: Catalogue[Name]['hand'] extends 'runner' ? Name : never;
}[ActionName];
export type PayloadOf<Name extends ActionName> = z.output<Catalogue[Name]['payload']>;
export type ResultOf<Name extends ActionName> = z.output<Catalogue[Name]['result']>;

export const actionNames = Object.keys(catalogue) as readonly ActionName[];

export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(catalogue, name);
}

export function isRunnerActionName(name: string): name is RunnerActionName {
  return isActionName(name) && catalogue[name].hand === 'runner';
}
