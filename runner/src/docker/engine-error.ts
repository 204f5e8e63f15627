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
  const [sentence, hint] = unreachable(fault?.code, where);
  return new HqError('unreachable', sentence, { hint, cause: error });
}

function unreachable(code: string | undefined, where: string): readonly [sentence: string, hint: string] {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return [
        `The runner may not use the Docker engine’s socket ${where}.`,
        `Set DOCKER_GID in .env to what "stat -c %g ${where}" prints on the host, then run docker compose up -d.`,
      ];
    case 'ENOENT':
      return [
        `There is no Docker engine at ${where}.`,
        'Start Docker on the host (systemctl start docker), or set DOCKER_HOST to where it listens.',
      ];
    case 'ECONNREFUSED':
      return [`No Docker engine answers at ${where}.`, 'Start Docker on the host: systemctl start docker.'];
    default:
      return [
        `The connection to the Docker engine at ${where} broke.`,
        'Look at the engine on the host (systemctl status docker), then run the command again.',
      ];
  }
}
