import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { findLocalStack, localGatewaySocket } from '../session/local-stack.ts';
import { ControlConnection, type ControlPlace } from './control-connection.ts';

interface ControlOptions {
  readonly socket?: string | undefined;
  readonly container?: string | undefined;
}

/** Returns the connection to the gateway that the options name, else to that of the HQ that `npm start` runs here. */
export async function findControl(
  env: NodeJS.ProcessEnv,
  url: string,
  { socket, container }: ControlOptions,
): Promise<ControlConnection> {
  if (socket !== undefined && container !== undefined) {
    throw new HqError('usage', 'A gateway has a socket or a container.', {
      field: '--container',
      hint: 'Name one of the two.',
    });
  }
  const place: ControlPlace | null =
    container !== undefined ? { container } : socket !== undefined ? { socket } : await localPlace(env, url);
  if (place !== null) return new ControlConnection(place);
  throw new HqError('usage', 'The files of agents go to the gateway itself, and it was not named.', {
    field: '--socket',
    hint: `On its host, name the control socket with --socket (${join('STATE', 'hq', 'control.sock')}), or the container with --container.`,
  });
}

async function localPlace(env: NodeJS.ProcessEnv, url: string): Promise<ControlPlace | null> {
  const local = await findLocalStack(env);
  if (local === null || new URL(local.url).origin !== new URL(url).origin) return null;
  return { socket: localGatewaySocket(env) };
}
