import { fileURLToPath } from 'node:url';
import {
  becomesReady,
  createHome,
  killGateway,
  startGateway,
  type TestHome,
} from '../gateway/src/testing/running-gateway.ts';
import { gatewayNodeOptions } from '../runner/src/process/gateway-process.ts';
import { ensureBuilt } from '../scripts/build.ts';
import { sleep } from '../shared/src/program/index.ts';
import { untilBareReady } from './bare-openclaw.ts';
import { median, percentile } from './percentile.ts';
import { cpuMs, memoryMib } from './processes.ts';
import { atMost, type Figure, noted } from './table.ts';

export const title = 'The gateway';

const starts = 3;
const requests = 50;
const idleMs = 30_000;
const longestMs = 120_000;
const bundle = [
  ...gatewayNodeOptions,
  fileURLToPath(new URL('../gateway/dist/hq-gateway.js', import.meta.url)),
];

/** Milliseconds until hq-gateway says that it is ready, and its process. */
async function untilReady(home: TestHome) {
  const beganAt = performance.now();
  const gateway = startGateway(home, {}, bundle);
  await becomesReady(home, gateway);
  return { tookMs: performance.now() - beganAt, gateway };
}

async function stopped({ gateway }: Awaited<ReturnType<typeof untilReady>>): Promise<void> {
  gateway.child.kill('SIGTERM');
  await gateway.exited;
}

async function latencies(work: () => Promise<unknown>): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let at = 0; at < requests; at += 1) {
    const beganAt = performance.now();
    await work();
    samples.push(performance.now() - beganAt);
  }
  return samples;
}

export async function* measure(): AsyncIterable<Figure> {
  await ensureBuilt('hq-gateway', 'hq-plugin');
  const home = await createHome();
  try {
    // Fills the compile cache and creates the state.
    await stopped(await untilReady(home));
    const [ours, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round < starts; round += 1) {
      bare.push(await untilBareReady(home));
      const started = await untilReady(home);
      ours.push(started.tookMs);
      await stopped(started);
    }
    yield atMost('hq-gateway ready ÷ bare openclaw gateway run', median(ours) / median(bare), 1.2, '×', 2);
    yield noted(
      'hq-gateway / bare, median',
      `${(median(ours) / 1000).toFixed(1)} / ${(median(bare) / 1000).toFixed(1)} s`,
    );
    yield* running(home);
  } finally {
    home.remove();
  }
}

async function* running(home: TestHome): AsyncIterable<Figure> {
  const { gateway } = await untilReady(home);
  try {
    const signal = AbortSignal.timeout(longestMs);
    const status = await latencies(() => home.control.status(signal));
    yield atMost('GET /status, 95th percentile', percentile(status, 0.95), 150, 'ms');
    const call = { method: 'models.list', params: { view: 'all' } };
    const models = await latencies(() => home.control.calls([call], signal));
    yield atMost('models.list by the socket, 95th percentile', percentile(models, 0.95), 150, 'ms');
    yield atMost('memory of hq-gateway', memoryMib(gateway.pid), 100, 'MiB');
    const before = cpuMs(gateway.pid);
    await sleep(idleMs);
    yield atMost('CPU of an idle hq-gateway', (100 * (cpuMs(gateway.pid) - before)) / idleMs, 1, '%', 2);
  } finally {
    killGateway(gateway);
    await gateway.exited;
  }
}
