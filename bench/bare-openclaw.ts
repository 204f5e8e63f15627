import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { openClawEnvironment } from '../gateway/src/boot/openclaw-environment.ts';
import { gatewayPaths } from '../gateway/src/environment.ts';
import { findOpenClaw } from '../gateway/src/openclaw/package.ts';
import type { TestHome } from '../gateway/src/testing/running-gateway.ts';
import { sleep } from '../shared/src/program/index.ts';

const longestMs = 120_000;

/** Milliseconds until a bare OpenClaw on the same state and with the same environment has started. */
export async function untilBareReady(
  home: TestHome,
  variables: Readonly<Record<string, string>> = {},
): Promise<number> {
  const token = readFileSync(home.file('gateway-token'), 'utf8');
  const paths = gatewayPaths(home.state);
  const beganAt = performance.now();
  const env = openClawEnvironment({ ...process.env, HOME: home.directory, ...variables }, paths, token);
  const args = [findOpenClaw().program, 'gateway', 'run', '--port', String(home.port)];
  const bare = spawn(process.execPath, args, { cwd: home.state, env, stdio: 'ignore' });
  const ended = once(bare, 'exit');
  try {
    while (performance.now() - beganAt < longestMs) {
      const response = await fetch(`http://127.0.0.1:${home.port}/startupz`).catch(() => null);
      if (response?.ok === true) return performance.now() - beganAt;
      await sleep(100);
    }
    throw new Error('OpenClaw did not start');
  } finally {
    bare.kill('SIGTERM');
    await ended;
  }
}
