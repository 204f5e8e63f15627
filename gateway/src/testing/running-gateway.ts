import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, sleep } from '@hq/shared/program';
import { GatewayControl } from '../../../runner/src/gateway-control.ts';

/** Milliseconds that OpenClaw may take to start on a machine that is busy with other tests. */
const readyLimitMs = 240_000;
/** Milliseconds that such a start may take with the wait for the starts of other test files. */
export const startLimitMs = 2 * readyLimitMs;

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Home of a gateway in a directory of its own. */
export interface TestHome {
  readonly directory: string;
  readonly state: string;
  readonly control: GatewayControl;
  readonly port: number;
  file(...path: readonly string[]): string;
  remove(): void;
}

/** Creates a home. `config` is written as OpenClaw's configuration before the first start. */
export async function createHome(config?: object): Promise<TestHome> {
  const directory = mkdtempSync(join(tmpdir(), 'hq-gateway-'));
  const state = join(directory, '.openclaw');
  mkdirSync(state, { mode: 0o700 });
  if (config !== undefined) writeFileSync(join(state, 'openclaw.json'), JSON.stringify(config));
  return {
    directory,
    state,
    control: new GatewayControl(join(state, 'hq', 'control.sock')),
    port: await freePort(),
    file: (...path) => join(state, ...path),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export interface RunningGateway {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Resolves to the exit code, or the name of the signal. */
  readonly exited: Promise<number | string>;
  output(): string;
  /** Lines of hq-gateway's own log, parsed. */
  log(): readonly Readonly<Record<string, unknown>>[];
}

/** Starts hq-gateway on a home, with these variables. */
export function startGateway(
  home: TestHome,
  variables: Readonly<Record<string, string>> = {},
  args: readonly string[] = [program],
): RunningGateway {
  const child = spawn(process.execPath, args, {
    cwd: home.directory,
    env: {
      PATH: process.env.PATH,
      HOME: home.directory,
      NODE_COMPILE_CACHE: join(tmpdir(), 'hq-gateway-compile-cache'),
      OPENCLAW_STATE_DIR: home.state,
      GATEWAY_PORT: String(home.port),
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    child,
    pid: child.pid ?? 0,
    exited: once(child, 'close').then(([code, signal]) => code ?? signal),
    output: () => output,
    log: () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{"level"'))
        .map((line) => JSON.parse(line)),
  };
}

/** Waits until the gateway is ready; throws with its output when it ended instead. */
export async function becomesReady(home: TestHome, gateway: RunningGateway): Promise<void> {
  const until = performance.now() + readyLimitMs;
  const ended = gateway.exited.then((exit) => {
    throw new Error(`hq-gateway ended (${exit}): ${gateway.output()}`);
  });
  ended.catch(() => undefined);
  while (performance.now() < until) {
    const look = home.control.status(AbortSignal.timeout(5_000)).catch(() => null);
    if ((await Promise.race([look, ended]))?.ready === true) return;
    await sleep(100);
  }
  throw new Error(`hq-gateway is not ready: ${gateway.output()}`);
}

/** Kills the gateway with everything that it started. */
export function killGateway({ pid, child }: RunningGateway): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}
