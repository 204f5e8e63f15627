import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startTimeOf } from '@hq/shared/program';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withStartLock } from '../../db/testing/start-lock.ts';
import { startReadyGateway } from './testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  startGateway,
  startLimitMs,
  type TestHome,
} from './testing/running-gateway.ts';

const killed = fileURLToPath(new URL('testing/killed-gateway.ts', import.meta.url));
const rehearsal = { HQ_REHEARSAL: '1' };

let home: TestHome;
let gateway: RunningGateway | undefined;

beforeAll(async () => {
  home = await createHome();
});
afterAll(() => {
  if (gateway !== undefined) killGateway(gateway);
  home.remove();
});

/** Starts a gateway that is killed when the step begins. The others of its group, such as OpenClaw, go on. */
function killedAt(step: string): Promise<RunningGateway> {
  return withStartLock(async () => {
    const started = startGateway(home, rehearsal, [killed, step]);
    const limit = setTimeout(() => killGateway(started), startLimitMs);
    expect(await started.exited, started.output()).toBe('SIGKILL');
    clearTimeout(limit);
    return started;
  });
}

it('a start that is killed at any step is done by the next one', { timeout: 4 * startLimitMs }, async () => {
  const early = [
    ...['directories', 'lock', 'control', 'orphan', 'token', 'rehearsal'],
    ...['confinement', 'browser port', 'configuration'],
  ];
  for (const step of early) await killedAt(step);
  const token = readFileSync(home.file('gateway-token'), 'utf8');
  for (const step of ['browser locks', 'earlier starts', 'openclaw']) await killedAt(step);
  expect(JSON.parse(readFileSync(home.file('hq', 'starts.json'), 'utf8')).starts).toHaveLength(1);
  // A killed start may leave a part of a file beside it.
  writeFileSync(home.file('openclaw.json.partial'), '{');

  const orphaned = await killedAt('handshake');
  const orphan = Number(readFileSync(home.file('hq', 'openclaw.pid'), 'utf8'));
  expect(await startTimeOf(orphan)).not.toBeNull();
  gateway = await startReadyGateway(home, rehearsal);
  expect(await startTimeOf(orphan)).toBeNull();
  expect(gateway.log()).toContainEqual(
    expect.objectContaining({ pid: orphan, msg: 'stopped the OpenClaw of a killed hq-gateway' }),
  );
  killGateway(orphaned);

  expect(readFileSync(home.file('gateway-token'), 'utf8')).toBe(token);
  const status = await home.control.status(AbortSignal.timeout(5_000));
  expect(status).toMatchObject({ ready: true, rehearsal: true, missing: [] });
  expect(status.steps.map(({ name }) => name)).toEqual([
    ...early,
    'browser locks',
    'earlier starts',
    'openclaw',
    'handshake',
    'repository',
  ]);
});

it('a second start changes nothing that the first one wrote', { timeout: startLimitMs }, async () => {
  const config = readFileSync(home.file('openclaw.json'), 'utf8');
  gateway?.child.kill('SIGTERM');
  expect(await gateway?.exited).toBe(0);
  expect(existsSync(home.file('hq', 'control.sock'))).toBe(false);
  gateway = await startReadyGateway(home, rehearsal);
  expect(gateway.log().map(({ msg }) => msg)).not.toContain('restored settings of OpenClaw');
  expect(JSON.parse(readFileSync(home.file('openclaw.json'), 'utf8')).models).toEqual(
    JSON.parse(config).models,
  );
  const { starts } = JSON.parse(readFileSync(home.file('hq', 'starts.json'), 'utf8'));
  expect(starts).toHaveLength(1);
});

it('a rehearsal says so in every text', { timeout: startLimitMs }, async () => {
  const request = { agent: 'main', message: 'Hello', runId: 'rehearsal', timeoutSeconds: 100 };
  const result = await home.control.turn(request, () => undefined, AbortSignal.timeout(startLimitMs));
  expect(result).toMatchObject({
    status: 'ok',
    text: 'This is a rehearsal: a script answers here, no model. You wrote: "Hello"',
  });
});
