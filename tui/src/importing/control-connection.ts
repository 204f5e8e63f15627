import { spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { createConnection } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { codeOf, HqError } from '@hq/shared/errors';
import { encodeFiles, errorOfFault, gatewayFault, type StreamedFile } from '@hq/shared/gateway';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

/** Place of a gateway's control API: a Unix socket of this machine, or a container that has one. */
export type ControlPlace = { readonly socket: string } | { readonly container: string };

const received = z.object({ files: z.number(), bytes: z.number() });
/** Program that connects its standard streams with the control socket of the container. */
const relay =
  "const s=require('net').connect(process.env.CONTROL_SOCKET);s.on('error',()=>process.exit(7));process.stdin.pipe(s);s.pipe(process.stdout)";

/** The part of a gateway's control API that takes the files of agents. */
export class ControlConnection {
  readonly #place: ControlPlace;

  constructor(place: ControlPlace) {
    this.#place = place;
  }

  /** Throws `unreachable` unless the gateway answers. */
  async check(): Promise<void> {
    await this.#send('GET', '/status');
  }

  async sendFiles(id: string, files: AsyncIterable<StreamedFile>): Promise<z.output<typeof received>> {
    return received.parse(await this.#send('PUT', `/imports/${id}`, Readable.from(encodeFiles(files))));
  }

  async dropFiles(id: string): Promise<void> {
    await this.#send('DELETE', `/imports/${id}`);
  }

  async #send(method: string, path: string, body?: Readable): Promise<unknown> {
    const connection = connectTo(this.#place);
    try {
      const answer = Promise.withResolvers<string>();
      const request = httpRequest({ method, path, createConnection: () => connection });
      request.on('response', (response) => textOf(response).then(answer.resolve, answer.reject));
      request.on('error', answer.reject);
      connection.on('error', answer.reject);
      // A gateway that refuses the stream answers before it has read all of it.
      if (body === undefined) request.end();
      else pipeline(body, request).catch((error) => answer.reject(error));
      const value = parseJson(await answer.promise);
      const fault = gatewayFault.safeParse(value);
      if (fault.success) throw errorOfFault(fault.data);
      return value;
    } catch (error) {
      if (error instanceof HqError) throw error;
      throw unreachable(this.#place, error);
    } finally {
      connection.destroy();
    }
  }
}

function connectTo(place: ControlPlace): Duplex {
  if ('socket' in place) return createConnection(place.socket);
  const child = spawn('docker', ['exec', '-i', place.container, 'node', '-e', relay], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const duplex = Duplex.from({ writable: child.stdin, readable: child.stdout });
  child.on('error', (error) => duplex.destroy(error));
  duplex.once('close', () => child.kill());
  return duplex;
}

function unreachable(place: ControlPlace, cause: unknown): HqError {
  const name = 'socket' in place ? place.socket : `the container ${place.container}`;
  const code = codeOf(cause);
  const reason = code === 'EACCES' ? 'this user may not use it' : 'it does not answer';
  return new HqError('unreachable', `The gateway at ${JSON.stringify(name)} cannot be reached: ${reason}.`, {
    hint: 'Start the gateway, or name its control socket with --socket or its container with --container.',
    cause,
  });
}
