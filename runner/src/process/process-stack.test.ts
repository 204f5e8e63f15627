import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HqError } from '@hq/shared/errors';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../testing/runner-harness.ts';
import { type GatewayHome, prepareGatewayHome } from './gateway-home.ts';
import { ProcessStack } from './process-stack.ts';

const program = fileURLToPath(new URL('../testing/slow-gateway.ts', import.meta.url));
const redactor = createRedactor([]);
const limitMs = 60_000;

let directory: string;
let home: GatewayHome;
let stack: ProcessStack;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hq-process-'));
  home = { ...(await prepareGatewayHome(directory)), program };
  stack = await ProcessStack.open(home, createLog('fatal', redactor), redactor);
  await becomesHealthy();
}, limitMs);
afterEach(async () => {
  await stack.close();
  rmSync(directory, { recursive: true, force: true });
});

async function becomesHealthy(): Promise<void> {
  await until(
    'the gateway to be healthy',
    async () => (await stack.services())[0]?.health === 'healthy',
    limitMs,
  );
}

const pid = (): number => JSON.parse(readFileSync(home.pidFile, 'utf8')).gateway.pid;

it.each(['stopping gateway', 'starting gateway', 'waiting for gateway'])(
  'a gateway whose restart was cancelled while %s is watched until it is ready',
  async (step) => {
    const before = pid();
    const cancel = new AbortController();
    const stop = () => cancel.abort(new HqError('cancelled', 'cancelled while it ran'));
    const restart = stack.restart('gateway', {
      signal: cancel.signal,
      onOutput: (line) => {
        if (line.startsWith(step)) stop();
        // Reported after three seconds: cancelled while it waits, as a person does.
        if (step === 'waiting for gateway' && line === 'starting gateway') setTimeout(stop, 400);
      },
    });
    await expect(restart).rejects.toMatchObject({ code: 'cancelled' });
    await until('another gateway', async () => pid() !== before, limitMs);
    await becomesHealthy();
    expect(
      (await fetch(`http://127.0.0.1:${JSON.parse(readFileSync(home.pidFile, 'utf8')).port}/startupz`)).ok,
    ).toBe(true);
    const restarted = await stack.restart('gateway', {
      signal: AbortSignal.timeout(limitMs),
      onOutput: () => undefined,
    });
    expect(restarted.tookMs).toBeGreaterThan(300);
  },
  2 * limitMs,
);
