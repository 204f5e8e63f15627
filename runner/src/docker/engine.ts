import { z } from 'zod';
import { type Container, inspectedContainer } from './container.ts';
import { engineAddress } from './engine-address.ts';
import { isNotFound } from './engine-error.ts';
import { createEngineRequests } from './engine-requests.ts';

const listedContainers = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()) }));

export interface ListedContainer {
  readonly id: string;
  readonly service: string;
  /** Index of the container in a scaled service, from 1. */
  readonly number: number;
}

export type Engine = Awaited<ReturnType<typeof openEngine>>;

const healthEvents = ['start', 'die', 'destroy', 'pause', 'unpause', 'health_status'];

/**
 * Opens the engine at a `DOCKER_HOST` address for one compose project. Sends no request yet and pins no API version: paths
 * without one use the engine's. dockerode is imported late: a runner without Docker need not load its gRPC stack. Each
 * request throws `HqError`, or the reason of its signal.
 */
export async function openEngine(project: string, dockerHost: string | undefined) {
  const { default: DockerClient } = await import('dockerode');
  const address = engineAddress(dockerHost);
  const docker = new DockerClient(address.options);
  const filters = { label: [`com.docker.compose.project=${project}`, 'com.docker.compose.oneoff=False'] };

  const requests = createEngineRequests(docker, address.text);

  return {
    /** Lists the containers of the compose project, also stopped ones, without those of `docker compose run`. */
    async list(signal: AbortSignal): Promise<readonly ListedContainer[]> {
      const listed = await requests.send(signal, async (abortSignal) =>
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
    /** Returns undefined when there is no such container. */
    inspect: (id: string, signal: AbortSignal): Promise<Container | undefined> =>
      requests.send(signal, async (abortSignal) => {
        try {
          return inspectedContainer.parse(await docker.getContainer(id).inspect({ abortSignal }));
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),
    /** Stops the container, by force after the grace, and starts it again. */
    async restart(id: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
      await requests.send(
        signal,
        (abortSignal) => docker.getContainer(id).restart({ t: graceSeconds, abortSignal }),
        graceSeconds + 60,
      );
    },
    /**
     * Returns the end of a container's log in the engine's framing. dockerode's own method would buffer the whole log, and
     * parse it if it is JSON.
     */
    log: (id: string, lines: number, signal: AbortSignal) =>
      requests.openStream(`/containers/${id}/logs?`, { stdout: true, stderr: true, tail: lines }, signal),
    /** Subscribes; at least one chunk comes for each event that may change the health of the project's containers. */
    events: (signal: AbortSignal) =>
      requests.openStream(
        '/events?',
        { filters: { ...filters, type: ['container'], event: healthEvents } },
        signal,
      ),
  };
}
