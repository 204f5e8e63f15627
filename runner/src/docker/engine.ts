import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import { type Container, inspectedContainer } from './container.ts';
import { engineAddress } from './engine-address.ts';
import { explainEngineError, isNotFound } from './engine-error.ts';

const listedContainers = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()) }));

export interface ListedContainer {
  readonly id: string;
  readonly service: string;
  /** Counts the containers of a scaled service, from 1. */
  readonly number: number;
}

/** The few questions the runner has for a Docker engine. Every one of them throws `HqError`, or what its signal says. */
export interface Engine {
  /** The containers of a compose project, stopped ones included, one-off `docker compose run` ones not. */
  list(signal: AbortSignal): Promise<readonly ListedContainer[]>;
  /** Undefined when there is no such container (any more). */
  inspect(id: string, signal: AbortSignal): Promise<Container | undefined>;
  /** Returns when the container was stopped, by force after the grace, and started again. */
  restart(id: string, graceSeconds: number, signal: AbortSignal): Promise<void>;
  /** Runs a program in a container, gives it its input, and gives what it said on its standard output when it has ended. */
  exec(id: string, program: readonly string[], input: string, signal: AbortSignal): Promise<string>;
  /** The end of a container's log as the engine sends it. */
  log(id: string, lines: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Begins to listen; a chunk or more comes for everything that may change the health of the project's containers. */
  events(signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

const answerSeconds = 20;
/** As long as a command may take: what it runs has its own limits. */
const execSeconds = 600;

const healthEvents = ['start', 'die', 'destroy', 'pause', 'unpause', 'health_status'];

/**
 * Opens the engine at a `DOCKER_HOST` address for one compose project. Nothing is asked yet, and no API version is pinned:
 * paths without a version mean the engine's own. dockerode is loaded here and not before, because it brings a gRPC stack
 * that a runner without Docker should not carry.
 */
export async function openEngine(project: string, dockerHost: string | undefined): Promise<Engine> {
  const { default: Docker } = await import('dockerode');
  const address = engineAddress(dockerHost);
  const docker = new Docker(address.options);
  const filters = { label: [`com.docker.compose.project=${project}`, 'com.docker.compose.oneoff=False'] };

  async function ask<Answer>(
    signal: AbortSignal,
    question: (signal: AbortSignal) => Promise<Answer>,
    limitSeconds = answerSeconds,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(limitSeconds * 1000);
    const whole = AbortSignal.any([signal, limit]);
    // docker-modem never settles when an answer breaks off in the middle, not even when it is aborted then.
    const aborted = new Promise<never>((_resolve, reject) => {
      whole.addEventListener('abort', () => reject(whole.reason), { once: true });
    });
    try {
      return await Promise.race([question(whole), aborted]);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted)
        throw new HqError('unreachable', `The Docker engine did not answer within ${limitSeconds} s.`, {
          hint: 'Look at the engine on the host: systemctl status docker.',
          cause: error,
        });
      throw explainEngineError(error, address.text);
    }
  }

  async function* chunks(stream: Readable, signal: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      signal.throwIfAborted();
      throw explainEngineError(error, address.text);
    }
  }

  /** The time limit holds until the engine begins to answer; from then on only the signal ends the stream. */
  async function openStream(
    path: string,
    options: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const stop = new AbortController();
    const whole = AbortSignal.any([signal, stop.signal]);
    const opened = await ask(
      signal,
      (limited) =>
        new Promise<Readable>((resolve, reject) => {
          const giveUp = () => stop.abort(limited.reason);
          limited.addEventListener('abort', giveUp, { once: true });
          docker.modem.dial(
            {
              path,
              method: 'GET',
              options,
              isStream: true,
              abortSignal: whole,
              statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
            },
            (error, stream) => {
              limited.removeEventListener('abort', giveUp);
              if (stream instanceof Readable) resolve(stream);
              else reject(error ?? new Error('the answer was no stream'));
            },
          );
        }),
    );
    return chunks(opened, signal);
  }

  return {
    async list(signal) {
      const listed = await ask(signal, async (abortSignal) =>
        listedContainers.parse(await docker.listContainers({ all: true, filters, abortSignal })),
      );
      return listed
        .map(({ Id, Labels }) => ({
          id: Id,
          service: Labels['com.docker.compose.service'] ?? '',
          number: Number(Labels['com.docker.compose.container-number'] ?? 1),
        }))
        .filter(({ service }) => service !== '')
        .sort((one, other) => one.service.localeCompare(other.service) || one.number - other.number);
    },
    inspect: (id, signal) =>
      ask(signal, async (abortSignal) => {
        try {
          return inspectedContainer.parse(await docker.getContainer(id).inspect({ abortSignal }));
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),
    async restart(id, graceSeconds, signal) {
      await ask(
        signal,
        (abortSignal) => docker.getContainer(id).restart({ t: graceSeconds, abortSignal }),
        graceSeconds + 60,
      );
    },
    async exec(id, program, input, signal) {
      const said: Uint8Array[] = [];
      await ask(
        signal,
        async (abortSignal) => {
          const exec = await docker.getContainer(id).exec({
            Cmd: [...program],
            AttachStdin: true,
            AttachStdout: true,
            abortSignal,
          });
          const stream = await exec.start({ hijack: true, stdin: true, abortSignal });
          const stdout = new PassThrough().on('data', (bytes: Buffer) => said.push(bytes));
          docker.modem.demuxStream(stream, stdout, stdout);
          // The program ends by itself: this end must stay open for as long as it speaks.
          stream.write(input);
          try {
            await once(stream, 'end', { signal: abortSignal });
          } finally {
            stream.destroy();
          }
        },
        execSeconds,
      );
      return Buffer.concat(said).toString();
    },
    // dockerode itself would hold the whole log in memory, and parse it where it happens to be JSON.
    log: (id, lines, signal) =>
      openStream(`/containers/${id}/logs?`, { stdout: true, stderr: true, tail: lines }, signal),
    events: (signal) =>
      openStream('/events?', { filters: { ...filters, type: ['container'], event: healthEvents } }, signal),
  };
}
