import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { type Redactor, withoutCutKey } from '@hq/shared/text';
import { type Container, healthOf } from './container.ts';
import type { Engine } from './engine.ts';
import { logLines } from './log-lines.ts';

const pollEveryMs = 500;
const reportEveryMs = 5000;
/** Milliseconds that a container without a health check must run to count as up. */
const settleMs = 3000;
/** Crashes in a row after which the restart counts as failed. */
const mostCrashes = 3;
const shownLogLines = 20;

export interface AwaitHealthyOptions {
  readonly service: string;
  readonly id: string;
  readonly signal: AbortSignal;
  readonly onOutput: (line: string) => void;
  readonly redactor: Redactor;
}

/** Returns when the container is healthy, or keeps running without a health check. Throws when it will not. */
export async function awaitHealthy(engine: Engine, options: AwaitHealthyOptions): Promise<void> {
  const { service, id, signal, onOutput } = options;
  const began = performance.now();
  let reportedAt = began;
  let probe = '';
  let runningSince = began;
  let run = '';
  for (;;) {
    const container = await engine.inspect(id, signal);
    const now = performance.now();
    if (container === undefined) {
      throw new HqError('failed', `The container of ${service} was removed while it was being restarted.`, {
        hint: 'Create it again on the host: docker compose up -d.',
      });
    }
    if (container.startedAt !== run) {
      run = container.startedAt;
      runningSince = now;
    }
    const health = healthOf(container);
    if (health === 'healthy') return;
    if (health === 'running' && now - runningSince >= settleMs) {
      onOutput(`${service} has no health check; it has been running for ${settleMs / 1000} s`);
      return;
    }
    const reason = failureReason(container);
    if (reason !== undefined) throw await failure(engine, options, container, reason);

    const probeOutput = container.lastProbe?.ExitCode === 0 ? '' : oneLine(container.lastProbe?.Output ?? '');
    if (probeOutput !== '' && probeOutput !== probe)
      onOutput(`the health check of ${service} says: ${probeOutput}`);
    probe = probeOutput;
    if (now - reportedAt >= reportEveryMs) {
      reportedAt = now;
      onOutput(`waiting for ${service} to become healthy (${Math.round((now - began) / 1000)} s)`);
    }
    await sleep(pollEveryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Returns the reason why a container will not become healthy, or undefined while it may. */
function failureReason(container: Container): string | undefined {
  const { status, healthCheck, exitCode, restarts, wasOutOfMemory } = container;
  const end = `with exit code ${exitCode}${wasOutOfMemory ? ', out of memory' : ''}`;
  if (status === 'running') return healthCheck === 'unhealthy' ? 'is unhealthy' : undefined;
  if (status === 'restarting')
    return restarts >= mostCrashes ? `keeps ending ${end} (${restarts} times)` : undefined;
  if (status === 'paused') return 'is paused';
  if (status === 'exited' || status === 'dead') return `ended ${end}`;
  return undefined;
}

async function failure(
  engine: Engine,
  { service, signal, onOutput, redactor }: AwaitHealthyOptions,
  { id, hasTerminal, lastProbe }: Container,
  reason: string,
): Promise<HqError> {
  const chunks = await engine.log(id, shownLogLines, signal);
  const read: string[] = [];
  for await (const line of logLines(chunks, hasTerminal, redactor)) read.push(line);
  const lines = withoutCutKey(read);
  const probe = lastProbe === undefined || lastProbe.ExitCode === 0 ? '' : oneLine(lastProbe.Output);
  onOutput(`the last log lines of ${service}:`);
  for (const line of lines) onOutput(line);
  const probeOutput = probe === '' ? '' : ` Its health check says: ${probe}.`;
  const log =
    lines.length === 0
      ? 'Its log is empty.'
      : `Fix the cause in its last log lines, then restart it again:\n${lines.join('\n')}`;
  return new HqError('failed', `${service} was restarted but ${reason}.${probeOutput} ${log}`);
}

function oneLine(text: string): string {
  // The engine has cut it at 4 KiB. Only its reader, who redacts it, can cut it closer.
  return text.replace(/\s+/g, ' ').trim();
}
