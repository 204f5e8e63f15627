import { z } from 'zod';
import { defineAction } from '../action.ts';
import { describeServices, serviceStatus } from '../services.ts';
import { noFields } from './payload-parts.ts';

const restarted = () =>
  z.object({
    /** The service's name in the stack. */
    service: z.string(),
    /** Milliseconds from the request until the service is healthy again. */
    tookMs: z.number().nonnegative(),
  });

/** Actions on a gateway, run by its runner. */
export const gatewayActions = {
  ping: defineAction({
    title: 'Ping the runner',
    summary: 'Checks that the gateway’s runner takes commands and answers.',
    target: 'gateway',
    executor: 'runner',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 10,
    whilePaused: false,
    payload: noFields,
    result: () => z.object({ runner: z.string() }),
    describe: ({ runner }) => `answered by ${runner}`,
  }),
  stack_status: defineAction({
    title: 'Show the stack',
    summary: 'Lists the services of the gateway’s stack with the health of each.',
    target: 'gateway',
    executor: 'runner',
    role: 'viewer',
    danger: 'read',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 30,
    whilePaused: false,
    payload: noFields,
    result: () => z.object({ services: z.array(serviceStatus) }),
    describe: ({ services }) => describeServices(services),
  }),
  tail_logs: defineAction({
    title: 'Tail the logs',
    summary: 'Shows the last log lines of one service, with secrets redacted.',
    target: 'gateway',
    executor: 'runner',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 60,
    whilePaused: false,
    payload: () =>
      z.strictObject({
        service: z
          .string()
          .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'a service name: lower-case letters, digits, - and _')
          .default('gateway')
          .describe('The service to read the log of'),
        lines: z.int().min(1).max(1000).default(100).describe('Number of lines, 1 to 1000'),
      }),
    result: () => z.object({ service: z.string(), lines: z.int().nonnegative() }),
    describe: ({ service, lines }) => `${lines} ${lines === 1 ? 'line' : 'lines'} of ${service}`,
  }),
  restart_gateway: defineAction({
    title: 'Restart the gateway',
    summary: 'Restarts the gateway service and waits until it is healthy again.',
    target: 'gateway',
    executor: 'runner',
    role: 'operator',
    danger: 'disruptive',
    lane: 'stack',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 300,
    whilePaused: false,
    payload: noFields,
    result: restarted,
    describe: ({ service, tookMs }) => `${service} healthy again after ${(tookMs / 1000).toFixed(1)} s`,
  }),
  restart_dispatcher: defineAction({
    title: 'Restart the dispatcher',
    summary: 'Restarts the service that wakes agents for their inbox, and waits until it is healthy again.',
    target: 'gateway',
    executor: 'runner',
    role: 'operator',
    danger: 'disruptive',
    lane: 'stack',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 120,
    whilePaused: false,
    payload: noFields,
    result: restarted,
    describe: ({ service, tookMs }) => `${service} healthy again after ${(tookMs / 1000).toFixed(1)} s`,
  }),
  auth_set_api_key: defineAction({
    title: 'Set a provider’s key',
    summary: 'Gives the value of a secret to the gateway’s agents as their key for a model provider.',
    target: 'gateway',
    executor: 'runner',
    role: 'admin',
    danger: 'disruptive',
    lane: 'stack',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 900,
    whilePaused: false,
    payload: () =>
      z.strictObject({
        provider: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a provider’s name: lower-case letters, digits and -')
          .describe('The provider, such as openai'),
        secret: z
          .string()
          .regex(
            /^([A-Z][A-Z0-9_]{0,127}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/,
            'the name of a secret of the gateway, or the id of one',
          )
          .describe('The secret that holds the key: its name, or its id if it belongs to one agent'),
        profile_name: z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dots, _ and -')
          .optional()
          .meta({
            title: 'Profile',
            description: 'The profile for the key, if the provider has more than one',
          }),
        base_url: z
          .string()
          .max(500)
          .regex(/^https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/, 'an http(s) address without a password in it')
          .optional()
          .meta({ title: 'Address', description: 'The address of the provider’s API, if not the usual one' }),
      }),
    result: () => z.object({ provider: z.string(), agents: z.int().nonnegative() }),
    describe: ({ provider, agents }) =>
      `${agents} ${agents === 1 ? 'agent has' : 'agents have'} the key of ${provider}`,
  }),
  pause_gateway: defineAction({
    title: 'Pause the gateway',
    summary: 'Stops the gateway from taking commands and waking agents until it is resumed.',
    target: 'gateway',
    executor: 'runner',
    role: 'operator',
    danger: 'reversible',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 30,
    whilePaused: true,
    undo: 'resume_gateway',
    payload: noFields,
    result: () => z.object({ status: z.literal('paused') }),
    describe: () => 'paused; nothing runs until it is resumed',
  }),
  resume_gateway: defineAction({
    title: 'Resume the gateway',
    summary: 'Lets a paused gateway take commands and wake agents again.',
    target: 'gateway',
    executor: 'runner',
    role: 'operator',
    danger: 'reversible',
    lane: 'none',
    retry: 'safe',
    maxAttempts: 3,
    timeoutSeconds: 30,
    whilePaused: true,
    undo: 'pause_gateway',
    payload: noFields,
    result: () => z.object({ status: z.literal('ready') }),
    describe: () => 'taking commands again',
  }),
} as const;
