import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { assertPortOwner, timedOut, withinLimit } from '@hq/shared/program';
import { callInput, type OpenClawAnswer, type OpenClawCall, readAnswers } from '../openclaw-call.ts';
import { gatewayFile } from './gateway-files.ts';
import type { GatewayHome } from './gateway-home.ts';
import type { LastLines } from './last-lines.ts';
import { signalGroup } from './pid-file.ts';

/** Lower priority than interactive programs: a starting gateway uses a whole core for seconds. */
const niceness = 10;
const probeEveryMs = 250;
const probeTimeoutMs = 5_000;
const reportEveryMs = 3_000;

/** Returns the gateway's environment, without HQ's keys: its agents can read all of it. */
function gatewayEnvironment(home: GatewayHome): NodeJS.ProcessEnv {
  const { PATH = '', LANG, TZ } = process.env;
  return {
    PATH: `${dirname(process.execPath)}${delimiter}${PATH}`,
    ...(LANG === undefined ? {} : { LANG }),
    ...(TZ === undefined ? {} : { TZ }),
    HOME: home.directory,
    // Runs an agent's commands with the agent's secrets.
    SHELL: gatewayFile('agent-shell'),
    TMPDIR: join(home.directory, 'tmp'),
    NODE_COMPILE_CACHE: join(home.directory, '.cache', 'node'),
    OPENCLAW_STATE_DIR: home.stateDirectory,
    OPENCLAW_GATEWAY_TOKEN: home.token,
    // Makes a failed start exit, instead of letting a model with shell tools repair it.
    OPENCLAW_SUPERVISOR_MODE: 'external',
    OPENCLAW_NO_RESPAWN: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_NO_AUTO_UPDATE: '1',
  };
}

/** One process of the gateway, from its start to its exit. */
export class GatewayProcess {
  readonly pid: number;
  readonly port: number;
  readonly startedAt = new Date().toISOString();
  /** Resolves to the exit code or signal, as text. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  #exit: string | null = null;

  private constructor(child: ChildProcess, pid: number, port: number, lines: LastLines) {
    this.#child = child;
    this.pid = pid;
    this.port = port;
    child.stdout?.on('data', (bytes: Buffer) => lines.write(bytes));
    child.stderr?.on('data', (bytes: Buffer) => lines.write(bytes));
    this.exited = once(child, 'exit').then(([code, signal]) => {
      this.#exit = signal === null ? `exit code ${code}` : `signal ${signal}`;
      // Its children must not outlive it and hold its port or files.
      signalGroup(pid, 'SIGKILL');
      return this.#exit;
    });
  }

  static async start(home: GatewayHome, port: number, lines: LastLines): Promise<GatewayProcess> {
    const child = spawn(process.execPath, [home.program, 'gateway', 'run', '--port', String(port)], {
      cwd: home.directory,
      env: gatewayEnvironment(home),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid === undefined) {
      const [cause] = await once(child, 'error');
      throw new HqError('failed', 'The gateway could not be started.', { cause });
    }
    setPriority(pid, niceness);
    return new GatewayProcess(child, pid, port, lines);
  }

  get hasExited(): boolean {
    return this.#exit !== null;
  }

  isAlive(): Promise<boolean> {
    return this.#answers('/healthz');
  }

  /** Waits until the gateway is ready; returns false when it ended instead. */
  async waitUntilReady(signal: AbortSignal, onOutput: (line: string) => void): Promise<boolean> {
    const beganAt = performance.now();
    let reportedAt = beganAt;
    while (this.#exit === null) {
      signal.throwIfAborted();
      if ((await this.#answers('/startupz')) && (await this.#answers('/healthz'))) return true;
      const now = performance.now();
      if (now - reportedAt >= reportEveryMs) {
        onOutput(`waiting for gateway to become ready (${Math.round((now - beganAt) / 1000)} s)`);
        reportedAt = now;
      }
      const pause = sleep(probeEveryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      await Promise.race([pause, this.exited]);
    }
    return false;
  }

  /** Calls it by the program that a container runs; secrets go over standard input. */
  async call(
    home: GatewayHome,
    calls: readonly OpenClawCall[],
    signal: AbortSignal,
  ): Promise<readonly OpenClawAnswer[]> {
    assertPortOwner(`http://127.0.0.1:${this.port}`);
    const caller = spawn(process.execPath, [gatewayFile('call-openclaw.ts'), String(this.port)], {
      env: gatewayEnvironment(home),
      stdio: ['pipe', 'pipe', 'ignore'],
      signal,
    });
    const ended = once(caller, 'close');
    const output: Buffer[] = [];
    caller.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    // A program that ended before it read everything wrote the reason to its standard output.
    caller.stdin.on('error', () => caller.stdin.destroy());
    caller.stdin.end(callInput(calls));
    await ended;
    return readAnswers(Buffer.concat(output).toString(), calls.length);
  }

  /** Sends SIGTERM, and SIGKILL after the grace. */
  async stop(graceMs: number): Promise<void> {
    if (this.#exit !== null) return;
    this.#child.kill('SIGTERM');
    if ((await withinLimit(graceMs, this.exited)) === timedOut) signalGroup(this.pid, 'SIGKILL');
    await this.exited;
  }

  async #answers(path: string): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
        signal: AbortSignal.timeout(probeTimeoutMs),
        headers: { connection: 'close' },
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // Not listening yet, or too busy to answer.
      return false;
    }
  }
}
