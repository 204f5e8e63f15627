import { z } from 'zod';

/** The health of one part of a stack, in the words of the container engine. */
export const serviceHealth = z.enum(['healthy', 'starting', 'unhealthy', 'running', 'stopped', 'missing']);
export type ServiceHealth = z.output<typeof serviceHealth>;

/** One service of a stack as its runner sees it; also what a heartbeat writes to `gateways.meta.services`. */
export const serviceStatus = z.object({
  /** The service's name in the stack, such as `gateway`. */
  name: z.string(),
  health: serviceHealth,
  /** ISO 8601, when it last started; null while it is stopped. */
  startedAt: z.string().nullable(),
  /** The image or the program with its version. */
  version: z.string().nullable(),
  /** Restarts by the engine or the supervisor since it was created. */
  restarts: z.number().int().nonnegative(),
});
export type ServiceStatus = z.output<typeof serviceStatus>;

export function describeServices(services: readonly ServiceStatus[]): string {
  if (services.length === 0) return 'no services found';
  return services.map((service) => `${service.name} ${service.health}`).join(', ');
}
