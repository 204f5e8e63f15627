import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { GatewayStatus } from '@hq/shared/gateway';
import { idleNodeOptions, timedOut, withinLimit } from '@hq/shared/program';
import { GatewayControl } from '../gateway-control.ts';
import type { GatewayHome } from './gateway-home.ts';
import type { LastLines } from './last-lines.ts';
import { signalGroup } from './pid-file.ts';

/** Lower priority than interactive programs: a starting gateway uses a whole core for seconds. */
const niceness = 10;
/** Compiles functions at their first call alone, and not again for speed: hq-gateway does little after its start. */
export const gatewayNodeOptions = [
  ...idleNodeOptions,
  '--max-lazy',
  '--no-sparkplug',
  '--no-maglev',
  '--optimize-for-size',
];
const probeEveryMs = 250;
const probeTimeoutMs = 5_000;
const reportEveryMs = 3_000;

/** Variables of this program that the gateway gets; HQ's keys are not among them. */
const passedVariables = [
  'LANG',
  'TZ',
  'HQ_OWNER',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
] as const;

function gatewayEnvironment(home: GatewayHome, port: number): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
    HOME: home.directory,
    TMPDIR: join(home.directory, 'tmp'),
    NODE_COMPILE_CACHE: join(home.directory, '.cache', 'node'),
    OPENCLAW_STATE_DIR: home.stateDirectory,
    GATEWAY_PORT: String(port),
    MALLOC_ARENA_MAX: '2',
    CONTROL_SOCKET: home.controlSocket,
    ...home.variables,
  };
  for (const name of passedVariables) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/** One process of hq-gateway, from its start to its exit. */
export class GatewayProcess {
  readonly pid: number;
  readonly port: number;
  readonly startedAt = new Date().toISOString();
  /** Resolves to the exit code or signal, as text. */
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  readonly #control: GatewayControl;
  #exit: string | null = null;

  private constructor(child: ChildProcess, pid: number, port: number, home: GatewayHome, lines: LastLines) {
    this.#child = child;
    this.#control = new GatewayControl(home.controlSocket);
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
    const child = spawn(process.execPath, [...gatewayNodeOptions, home.program], {
      cwd: home.directory,
      env: gatewayEnvironment(home, port),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid } = child;
    if (pid === undefined) {
      const [cause] = await once(child, 'error');
      throw new HqError('failed', 'The gateway could not be started.', { cause });
    }
    setPriority(pid, niceness);
    return new GatewayProcess(child, pid, port, home, lines);
  }

  get hasExited(): boolean {
    return this.#exit !== null;
  }

  /** Asks OpenClaw itself, whose port hq-gateway does not serve. */
  async isAlive(): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}/healthz`, {
        signal: AbortSignal.timeout(probeTimeoutMs),
        headers: { connection: 'close' },
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      // Not listening, or too busy to answer.
      return false;
    }
  }

  /** Waits until the gateway is ready; returns false when it ended instead. */
  async waitUntilReady(signal: AbortSignal, onOutput: (line: string) => void): Promise<boolean> {
    const beganAt = performance.now();
    let reportedAt = beganAt;
    while (this.#exit === null) {
      signal.throwIfAborted();
      const status = await this.#status();
      if (status?.ready === true && (await this.isAlive())) return true;
      const now = performance.now();
      if (now - reportedAt >= reportEveryMs) {
        const doing = status?.doing ?? 'starting';
        onOutput(`waiting for gateway to become ready (${Math.round((now - beganAt) / 1000)} s: ${doing})`);
        reportedAt = now;
      }
      const pause = sleep(probeEveryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      await Promise.race([pause, this.exited]);
    }
    return false;
  }

  /** Sends the signal, and SIGKILL to its whole group after the grace. SIGINT gives running turns no time to end. */
  async stop(signal: 'SIGTERM' | 'SIGINT', graceMs: number): Promise<void> {
    if (this.#exit !== null) return;
    this.#child.kill(signal);
    if ((await withinLimit(graceMs, this.exited)) === timedOut) signalGroup(this.pid, 'SIGKILL');
    await this.exited;
  }

  async #status(): Promise<GatewayStatus | null> {
    try {
      return await this.#control.status(AbortSignal.timeout(probeTimeoutMs));
    } catch {
      // It does not serve its socket yet, or is too busy to answer.
      return null;
    }
  }
}
