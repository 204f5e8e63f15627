import { fileURLToPath } from 'node:url';
import { HqError } from '@hq/shared/errors';
import { createRedactor } from '@hq/shared/text';
import { afterAll, beforeAll, describe, expect, type Mock, test, vi } from 'vitest';
import type { Stack } from '../stack.ts';
import { openDockerStack } from './docker-stack.ts';
import { ComposeProject, docker } from './testing/compose-project.ts';

const services = fileURLToPath(new URL('testing/services.yaml', import.meta.url));
const project = new ComposeProject(services);
let stack: Stack;

beforeAll(async () => {
  await project.compose('up', '--detach');
  stack = await openDockerStack({
    project: project.name,
    redactor: createRedactor([]),
    controlSocket: '/nowhere',
  });
}, 60_000);

afterAll(async () => {
  await stack.close();
  await project[Symbol.asyncDispose]();
}, 60_000);

const soon = () => AbortSignal.timeout(30_000);

async function failureOf(promise: Promise<unknown>): Promise<HqError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HqError)) throw new Error('expected an HqError', { cause: error });
  return error;
}

async function restart(service: string, signal = soon()) {
  const output: string[] = [];
  const { tookMs } = await stack.restart(service, { signal, onOutput: (line) => output.push(line) });
  return { tookMs, output };
}

async function logOf(service: string, lines: number): Promise<string[]> {
  const read: string[] = [];
  for await (const line of stack.logs(service, lines, soon())) read.push(line);
  return read;
}

async function healthOf(service: string) {
  return (await stack.services(soon())).find(({ name }) => name === service)?.health;
}

describe('a restart', () => {
  test('starts the container again and returns when it is healthy', async () => {
    const before = await project.startedAt('steady');
    const { tookMs } = await restart('steady');
    expect(await project.startedAt('steady')).not.toBe(before);
    expect(await healthOf('steady')).toBe('healthy');
    expect(tookMs).toBeGreaterThan(1000);
  });

  test('of a service without a health check returns when it has run for a while', async () => {
    const { output, tookMs } = await restart('plain');
    expect(tookMs).toBeGreaterThan(3000);
    expect(output.at(-1)).toContain('no health check');
    expect(await healthOf('plain')).toBe('running');
  });

  test('of a scaled service restarts each of its containers', async () => {
    const startedAt = async () =>
      Promise.all(
        (await project.container('pair'))
          .split('\n')
          .map((id) => docker(['inspect', '--format', '{{.State.StartedAt}}', id])),
      );
    const before = await startedAt();
    await restart('pair');
    const after = await startedAt();
    expect(after).toHaveLength(2);
    for (const moment of after) expect(before).not.toContain(moment);
  });

  test('that ends unhealthy fails with the output of the health check and the last log lines', async () => {
    const output: string[] = [];
    const error = await failureOf(
      stack.restart('sick', { signal: soon(), onOutput: (line) => output.push(line) }),
    );
    expect(error.code).toBe('failed');
    expect(error.message).toContain('sick was restarted but is unhealthy');
    expect(error.message).toContain('the store is closed');
    expect(error.message).toContain('sick line 30');
    expect(error.message).toContain('the store cannot be opened');
    expect(error.message).not.toContain('sick line 5\n');
    expect(output).toContain('the health check of sick says: the store is closed');
  });

  test('of a service that crashes again and again fails with its exit code and its log', async () => {
    const error = await failureOf(restart('crashing'));
    expect(error.code).toBe('failed');
    expect(error.message).toContain('keeps ending with exit code 3');
    expect(error.message).toContain('no configuration');
  });

  test('that is aborted throws the reason of its signal and sends no more requests', async () => {
    const limit = new AbortController();
    const reason = new HqError('timed_out', 'It took longer than its limit.');
    const output: string[] = [];
    const restarted = stack.restart('slow', {
      signal: limit.signal,
      onOutput: (line) => output.push(line),
    });
    const thrown = restarted.catch((error: unknown) => error);
    await vi.waitUntil(() => output.includes('slow was started'), { timeout: 60_000 });
    limit.abort(reason);
    expect(await thrown).toBe(reason);
  });

  test('of a container that is removed meanwhile fails with a hint how to create it again', async () => {
    const output: string[] = [];
    const failure = failureOf(
      stack.restart('slow', { signal: soon(), onOutput: (line) => output.push(line) }),
    );
    await vi.waitUntil(() => output.includes('slow was started'), { timeout: 60_000 });
    await docker(['rm', '--force', await project.container('slow')]);
    const error = await failure;
    expect(error.code).toBe('failed');
    expect(error.message).toContain('was removed');
    expect(error.hint).toContain('docker compose up -d');
    await project.compose('up', '--detach', 'slow');
  });

  test('of a service that the stack does not have names those it has', async () => {
    const error = await failureOf(restart('gateway'));
    expect(error.code).toBe('not_found');
    expect(error.hint).toContain('steady');
  });

  test('leaves the service of the same name in another project alone', async () => {
    await using other = new ComposeProject(services);
    await other.compose('up', '--detach', 'steady');
    const theirs = await other.startedAt('steady');
    const ours = await project.startedAt('steady');
    await restart('steady');
    expect(await other.startedAt('steady')).toBe(theirs);
    expect(await project.startedAt('steady')).not.toBe(ours);
  }, 60_000);
});

describe('the list of services', () => {
  test('names each service once, stopped ones too, with image, start and restarts', async () => {
    await project.compose('stop', '--timeout', '1', 'apart');
    const listed = await stack.services(soon());
    expect(listed.map(({ name }) => name)).toEqual([
      'apart',
      'crashing',
      'endless',
      'loud',
      'pair',
      'plain',
      'sick',
      'slow',
      'steady',
      'terminal',
    ]);
    const find = (service: string) => listed.find(({ name }) => name === service);
    expect(find('apart')).toMatchObject({ health: 'stopped', startedAt: null });
    expect(find('sick')).toMatchObject({ health: 'unhealthy' });
    expect(find('slow')).toMatchObject({ health: 'starting' });
    const steady = find('steady');
    expect(steady).toMatchObject({ health: 'healthy', version: 'node:24-slim', restarts: 0 });
    expect(Date.parse(steady?.startedAt ?? '')).toBe(
      Math.floor(Date.parse(await project.startedAt('steady'))),
    );
    expect(find('crashing')?.restarts).toBeGreaterThan(0);
    await project.compose('start', 'apart');
  });

  test('leaves out one-off containers', async () => {
    const once = `${project.name}-once`;
    await project.compose('run', '--detach', '--name', once, 'steady', 'sh', '-c', 'exit 7');
    await docker(['wait', once]);
    // With it, the service would be as healthy as its worst container: stopped.
    expect(await healthOf('steady')).toBe('healthy');
    await docker(['rm', '--force', once]);
  });
});

describe('the log', () => {
  test('keeps the lines of stdout and stderr apart', async () => {
    await vi.waitUntil(async () => (await logOf('apart', 10)).length >= 2, {
      timeout: 60_000,
      interval: 200,
    });
    expect((await logOf('apart', 10)).slice(0, 2)).toEqual(['out one', 'err two']);
  });

  test('of a container with a terminal is read as plain text, JSON and escape codes included', async () => {
    expect(await logOf('terminal', 10)).toEqual(['{"a": 1}', '\u001b[32mgrün\u001b[0m']);
  });

  test('of 100 MB returns only its last lines', async () => {
    await vi.waitUntil(async () => (await healthOf('loud')) === 'healthy', {
      timeout: 60_000,
      interval: 500,
    });
    const lines = await logOf('loud', 1000);
    expect(lines).toHaveLength(1000);
    expect(lines.at(-1)).toBe('the last line');
    expect(lines.at(-10)).toBe(
      '\u001b[31mloud\u001b[0m line of a log that nobody bounded, again and again and again',
    );
  }, 70_000);

  test('of one line without an end is bounded', async () => {
    await vi.waitUntil(async () => (await healthOf('endless')) === 'healthy', {
      timeout: 60_000,
      interval: 500,
    });
    const [line, ...others] = await logOf('endless', 1000);
    expect(others).toEqual([]);
    expect(line?.endsWith('x … (cut)')).toBe(true);
    expect(line?.length).toBeLessThan(70_000);
  }, 70_000);
});

describe('the watch', () => {
  // Its crashes are changes, too.
  beforeAll(() => project.compose('stop', 'crashing'));

  async function watched(): Promise<{ changed: Mock<() => void> } & Disposable> {
    const changed = vi.fn<() => void>();
    const stop = stack.watch(changed);
    await vi.waitUntil(() => changed.mock.calls.length > 0, { timeout: 60_000 });
    changed.mockClear();
    return { changed, [Symbol.dispose]: stop };
  }

  test('reports the exit of a service', async () => {
    using watch = await watched();
    await docker(['kill', await project.container('plain')]);
    await vi.waitUntil(() => watch.changed.mock.calls.length > 0, { timeout: 60_000 });
    expect(await healthOf('plain')).toBe('stopped');
  });

  test('reports a change of a health check', async () => {
    using watch = await watched();
    await docker(['exec', await project.container('slow'), 'touch', '/tmp/ready']);
    await vi.waitUntil(() => watch.changed.mock.calls.length > 0, { timeout: 60_000 });
    expect(await healthOf('slow')).toBe('healthy');
  });
});
