import { z } from 'zod';
import { counted } from '../../text/counted.ts';
import { defineAction } from '../action.ts';
import { describeServices, serviceStatus } from '../services.ts';
import { byRunner, noFields } from './payload-parts.ts';

/** The fields of a restart of one service. */
const restart = {
  ...byRunner,
  role: 'operator',
  danger: 'disruptive',
  lane: 'stack',
  payload: noFields,
  result: () =>
    z.object({
      /** The service's name in the stack. */
      service: z.string(),
      /** Milliseconds from the request until the service is healthy again. */
      tookMs: z.number().nonnegative(),
    }),
  describe: ({ service, tookMs }: { readonly service: string; readonly tookMs: number }) =>
    `${service} healthy again after ${(tookMs / 1000).toFixed(1)} s`,
} as const;

const pause = {
  ...byRunner,
  role: 'operator',
  danger: 'reversible',
  lane: 'none',
  timeoutSeconds: 30,
  whilePaused: true,
  payload: noFields,
} as const;

/** Actions on a gateway, run by its runner. */
export const gatewayActions = {
  ping: defineAction({
    ...byRunner,
    title: 'Ping the runner',
    summary: 'Checks that the gateway’s runner takes commands and answers.',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    timeoutSeconds: 10,
    payload: noFields,
    result: () => z.object({ runner: z.string() }),
    describe: ({ runner }) => `answered by ${runner}`,
  }),
  stack_status: defineAction({
    ...byRunner,
    title: 'Show the stack',
    summary: 'Lists the services of the gateway’s stack with the health of each.',
    role: 'viewer',
    danger: 'read',
    lane: 'none',
    timeoutSeconds: 30,
    payload: noFields,
    result: () => z.object({ services: z.array(serviceStatus) }),
    describe: ({ services }) => describeServices(services),
  }),
  tail_logs: defineAction({
    ...byRunner,
    title: 'Tail the logs',
    summary: 'Shows the last log lines of one service, with secrets redacted.',
    role: 'operator',
    danger: 'read',
    lane: 'none',
    timeoutSeconds: 60,
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
    ...restart,
    title: 'Restart the gateway',
    summary: 'Restarts the gateway service and waits until it is healthy again.',
    consequence: 'All agents of the gateway stop until it is healthy again. Runs in progress are cut off.',
    timeoutSeconds: 300,
  }),
  restart_dispatcher: defineAction({
    ...restart,
    title: 'Restart the dispatcher',
    summary: 'Restarts the service that wakes agents for their inbox, and waits until it is healthy again.',
    consequence:
      'No agent is woken until the dispatcher is healthy again. What comes meanwhile waits in the inbox.',
    timeoutSeconds: 120,
  }),
  list_models: defineAction({
    ...byRunner,
    title: 'List the models',
    summary: 'Lists the models that the gateway knows, and whether a key for each is there.',
    role: 'viewer',
    danger: 'read',
    lane: 'none',
    timeoutSeconds: 60,
    payload: () =>
      z.strictObject({
        provider: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a provider’s name: lower-case letters, digits and -')
          .optional()
          .describe('Only models of this provider, such as openai'),
      }),
    result: () =>
      z.object({
        models: z.array(z.object({ id: z.string(), name: z.string(), available: z.boolean() })),
        /** Models that there are; the list has the first of them, usable ones first. */
        total: z.int().nonnegative(),
      }),
    describe: ({ models, total }) => {
      const usable = models.filter(({ available }) => available);
      return usable.length === 0
        ? `${counted(total, 'model')}, none with a key`
        : `${counted(total, 'model')}; with a key: ${usable
            .slice(0, 5)
            .map(({ id }) => id)
            .join(', ')}${usable.length > 5 ? ' …' : ''}`;
    },
  }),
  auth_set_api_key: defineAction({
    ...byRunner,
    title: 'Set a provider’s key',
    summary: 'Gives the value of a secret to the gateway’s agents as their key for a model provider.',
    consequence: 'All agents of the gateway use this key from now on. The one that they have is replaced.',
    role: 'admin',
    danger: 'disruptive',
    lane: 'stack',
    timeoutSeconds: 900,
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
    ...pause,
    title: 'Pause the gateway',
    summary: 'Stops the gateway from taking commands and waking agents until it is resumed.',
    undo: 'resume_gateway',
    result: () => z.object({ status: z.literal('paused') }),
    describe: () => 'paused; nothing runs until it is resumed',
  }),
  resume_gateway: defineAction({
    ...pause,
    title: 'Resume the gateway',
    summary: 'Lets a paused gateway take commands and wake agents again.',
    undo: 'pause_gateway',
    result: () => z.object({ status: z.literal('ready') }),
    describe: () => 'taking commands again',
  }),
} as const;
