import type { ServiceStatus } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { type Backoff, backoffMs, sleep } from '@hq/shared/program';
import type { Redactor } from '@hq/shared/text';
import { GatewayControl } from '../gateway-control.ts';
import type { Restarted, RestartOptions, Stack } from '../stack.ts';
import { awaitHealthy } from './await-healthy.ts';
import { type Container, healthOf } from './container.ts';
import { type Engine, type ListedContainer, openEngine } from './engine.ts';
import { logLines } from './log-lines.ts';

/** Longest time in seconds that a restart lets a service finish its work; the operator waits for it. */
const longestGrace = 120;

const backoff: Backoff = { firstMs: 1_000, longestMs: 30_000 };

export interface DockerStackOptions {
  readonly project: string;
  readonly redactor: Redactor;
  /** Socket of the gateway's control API, on a volume that both containers mount. */
  readonly controlSocket: string;
  /** Address of the engine; the default socket where it is not set. */
  readonly dockerHost?: string | undefined;
}

/** Opens the containers of one compose project. Nothing outside the project is read or changed. */
export async function openDockerStack(options: DockerStackOptions): Promise<Stack> {
  return new DockerStack(options, await openEngine(options.project, options.dockerHost));
}

class DockerStack implements Stack {
  readonly kind = 'docker';
  readonly gateway: GatewayControl;
  readonly #project: string;
  readonly #redactor: Redactor;
  readonly #engine: Engine;
  readonly #closed = new AbortController();

  constructor({ project, redactor, controlSocket }: DockerStackOptions, engine: Engine) {
    this.gateway = new GatewayControl(controlSocket);
    this.#project = project;
    this.#redactor = redactor;
    this.#engine = engine;
  }

  async services(signal: AbortSignal): Promise<readonly ServiceStatus[]> {
    const listed = await this.#engine.list(signal);
    const inspected = await Promise.all(
      listed.map(async ({ id, service }) => ({ service, container: await this.#engine.inspect(id, signal) })),
    );
    const statuses = new Map<string, ServiceStatus>();
    for (const { service, container } of inspected) {
      // Removed between the two requests.
      if (container === undefined) continue;
      const status = statusOf(service, container);
      const sibling = statuses.get(service);
      statuses.set(service, sibling === undefined ? status : worseOf(sibling, status));
    }
    return [...statuses.values()];
  }

  async restart(service: string, { signal, onOutput }: RestartOptions): Promise<Restarted> {
    const started = performance.now();
    for (const { id } of await this.#find(service, signal)) {
      const container = await this.#engine.inspect(id, signal);
      if (container === undefined) continue;
      const grace = Math.min(container.stopSeconds, longestGrace);
      onOutput(`restarting ${service} (it may take up to ${grace} s to stop)`);
      await this.#engine.restart(id, grace, signal);
      onOutput(`${service} was started`);
      await awaitHealthy(this.#engine, { service, id, signal, onOutput, redactor: this.#redactor });
    }
    return { tookMs: Math.round(performance.now() - started) };
  }

  async *logs(service: string, lines: number, signal: AbortSignal): AsyncIterable<string> {
    const [first] = await this.#find(service, signal);
    const container = await this.#engine.inspect(first.id, signal);
    if (container === undefined) throw this.#unknownService(service, []);
    const chunks = await this.#engine.log(container.id, lines, signal);
    yield* logLines(chunks, container.hasTerminal, this.#redactor);
  }

  watch(onChange: () => void): () => void {
    const stop = new AbortController();
    void this.#follow(onChange, AbortSignal.any([stop.signal, this.#closed.signal]));
    return () => stop.abort();
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  /** Follows the engine's events until the signal, through restarts of the engine. */
  async #follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const events = await this.#engine.events(signal);
        // Events before the subscription were missed.
        onChange();
        for await (const _event of events) {
          failures = 0;
          onChange();
        }
      } catch {
        // The next call of `services` reports why the engine does not answer; this loop only reconnects.
      }
      if (signal.aborted) return;
      onChange();
      await sleep(backoffMs(failures, backoff), signal);
    }
  }

  async #find(service: string, signal: AbortSignal): Promise<[ListedContainer, ...ListedContainer[]]> {
    const listed = await this.#engine.list(signal);
    const [first, ...others] = listed.filter((container) => container.service === service);
    if (first === undefined) throw this.#unknownService(service, listed);
    return [first, ...others];
  }

  #unknownService(service: string, listed: readonly ListedContainer[]): HqError {
    const names = [...new Set(listed.map((container) => container.service))];
    return new HqError(
      'not_found',
      `The stack ${this.#project} has no container for the service ${service}.`,
      {
        hint:
          names.length === 0
            ? 'It has no containers at all: run docker compose up -d on the host.'
            : `It has ${names.join(', ')}. If ${service} should be among them, run docker compose up -d on the host.`,
      },
    );
  }
}

function statusOf(name: string, container: Container): ServiceStatus {
  const health = healthOf(container);
  return {
    name,
    health,
    startedAt: health === 'stopped' ? null : new Date(container.startedAt).toISOString(),
    version: container.image,
    restarts: container.restarts,
  };
}

const fromWorst = ['missing', 'stopped', 'unhealthy', 'starting', 'running', 'healthy'] as const;

/** Returns the worse of two containers of a scaled service. */
function worseOf(one: ServiceStatus, other: ServiceStatus): ServiceStatus {
  const worse = fromWorst.indexOf(one.health) <= fromWorst.indexOf(other.health) ? one : other;
  return { ...worse, restarts: one.restarts + other.restarts };
}
