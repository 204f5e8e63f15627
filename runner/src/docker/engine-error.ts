import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

const engineFault = z.object({
  code: z.string().optional(),
  statusCode: z.int().optional(),
  message: z.string(),
  json: z.object({ message: z.string() }).optional().catch(undefined),
});

export function isNotFound(error: unknown): boolean {
  return engineFault.safeParse(error).data?.statusCode === 404;
}

/** Converts an error of the engine into one with a hint for the operator. */
export function explainEngineError(error: unknown, where: string): HqError {
  if (error instanceof HqError) return error;
  if (error instanceof z.ZodError)
    return new HqError('failed', 'This runner cannot parse the answer of the Docker engine.', {
      hint: 'It needs Docker 20.10 or newer at DOCKER_HOST.',
      cause: error,
    });
  const fault = engineFault.safeParse(error).data;
  if (fault?.statusCode !== undefined) {
    const message = fault.json?.message ?? fault.message;
    if (fault.statusCode === 403)
      return new HqError('refused', `The Docker engine does not allow this: ${message}`, {
        hint: 'Look at the authorisation plugin or the proxy in front of the engine.',
        cause: error,
      });
    return new HqError('failed', `The Docker engine could not do it: ${message}`, {
      hint: 'Look at the engine’s log on the host: journalctl -u docker.',
      cause: error,
    });
  }
  switch (fault?.code) {
    case 'EACCES':
    case 'EPERM':
      return new HqError('unreachable', `The runner may not use the Docker engine’s socket ${where}.`, {
        hint: `Set DOCKER_GID in .env to what "stat -c %g ${where}" prints on the host, then run docker compose up -d.`,
        cause: error,
      });
    case 'ENOENT':
      return new HqError('unreachable', `There is no Docker engine at ${where}.`, {
        hint: 'Start Docker on the host (systemctl start docker), or set DOCKER_HOST to where it listens.',
        cause: error,
      });
    case 'ECONNREFUSED':
      return new HqError('unreachable', `No Docker engine answers at ${where}.`, {
        hint: 'Start Docker on the host: systemctl start docker.',
        cause: error,
      });
    default:
      return new HqError('unreachable', `The connection to the Docker engine at ${where} broke.`, {
        hint: 'Look at the engine on the host (systemctl status docker), then run the command again.',
        cause: error,
      });
  }
}
