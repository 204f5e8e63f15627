import type { ServiceHealth } from '@hq/shared/actions';
import { z } from 'zod';

/** Parsed answer of the engine about one container. */
export const inspectedContainer = z
  .object({
    Id: z.string(),
    RestartCount: z.int().nonnegative(),
    State: z.object({
      Status: z.string(),
      StartedAt: z.string(),
      ExitCode: z.int(),
      OOMKilled: z.boolean().default(false),
      Health: z
        .object({
          Status: z.string(),
          Log: z
            .array(z.object({ ExitCode: z.int(), Output: z.string().default('') }))
            .nullish()
            .transform((probes) => probes ?? []),
        })
        .nullish(),
    }),
    Config: z.object({
      Image: z.string(),
      Tty: z.boolean(),
      StopTimeout: z.int().nonnegative().nullish(),
    }),
  })
  .transform(({ Id, RestartCount, State, Config }) => ({
    id: Id,
    image: Config.Image,
    hasTerminal: Config.Tty,
    /** Seconds that the container may take to stop; Docker's default is 10. */
    stopSeconds: Config.StopTimeout ?? 10,
    restarts: RestartCount,
    status: State.Status,
    startedAt: State.StartedAt,
    exitCode: State.ExitCode,
    wasOutOfMemory: State.OOMKilled,
    healthCheck: State.Health == null || State.Health.Status === 'none' ? undefined : State.Health.Status,
    lastProbe: State.Health?.Log.at(-1),
  }));

export type Container = z.output<typeof inspectedContainer>;

export function healthOf({ status, healthCheck }: Container): ServiceHealth {
  switch (status) {
    case 'running':
      if (healthCheck === 'healthy' || healthCheck === 'starting' || healthCheck === 'unhealthy')
        return healthCheck;
      return 'running';
    // A crashed container that Docker will start again after a pause.
    case 'restarting':
      return 'unhealthy';
    default:
      return 'stopped';
  }
}
