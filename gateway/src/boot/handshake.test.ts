import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundling } from '../../../scripts/build.ts';
import type { StandIn } from '../testing/openclaw-stand-in.ts';
import {
  becomesReady,
  createHome,
  killGateway,
  startGateway,
  type TestHome,
} from '../testing/running-gateway.ts';
import { neededMethods } from './handshake.ts';

const limitMs = 120_000;
const standIn = fileURLToPath(new URL('../testing/openclaw-stand-in.ts', import.meta.url));
const methods = [...neededMethods, 'health'];

let installation: string;
let home: TestHome;
beforeAll(async () => {
  installation = mkdtempSync(join(tmpdir(), 'hq-installation-'));
  home = await createHome();
  // The shipped program finds the OpenClaw that is installed beside it.
  await build(bundling({ 'hq-gateway': 'gateway/src/main.ts' }, join(installation, 'dist')));
  writeFileSync(join(installation, 'package.json'), JSON.stringify({ name: 'gateway', type: 'module' }));
  mkdirSync(join(installation, 'node_modules', 'openclaw'), { recursive: true });
}, limitMs);
afterAll(() => {
  rmSync(installation, { recursive: true, force: true });
  home.remove();
});

/** Starts hq-gateway with an OpenClaw that announces this. */
function start(announced: StandIn) {
  const folder = join(installation, 'node_modules', 'openclaw');
  const manifest = { name: 'openclaw', version: announced.version, bin: { openclaw: 'openclaw.mjs' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const program = `import { serveOpenClaw } from ${JSON.stringify(standIn)};\nserveOpenClaw(${JSON.stringify(announced)});\n`;
  writeFileSync(join(folder, 'openclaw.mjs'), program);
  return startGateway(home, {}, [join(installation, 'dist', 'hq-gateway.js')]);
}

it('refuses an OpenClaw that lacks a method or a hook of HQ’s plugin, and names the version that has them', {
  timeout: limitMs,
}, async () => {
  const gateway = start({
    version: '2026.8.2',
    methods: methods.filter((method) => method !== 'sessions.describe'),
    diagnostics: [{ pluginId: 'hq', message: 'unknown typed hook "before_agent_run" ignored' }],
  });
  expect(await gateway.exited, gateway.output()).toBe(1);
  expect(gateway.log().at(-1)).toMatchObject({
    level: 'fatal',
    msg: 'OpenClaw 2026.8.2 lacks what HQ needs: sessions.describe, hook before_agent_run.',
    hint: 'Install OpenClaw 2026.9.6, which has it.',
  });
});

it('takes one that has them, also where a plugin of the operator names a hook that it lacks', {
  timeout: limitMs,
}, async () => {
  const gateway = start({
    version: '2026.9.7',
    methods,
    diagnostics: [{ pluginId: 'weather', message: 'unknown typed hook "before_rain" ignored' }],
  });
  try {
    await becomesReady(home, gateway);
    expect(await home.control.status(AbortSignal.timeout(10_000))).toMatchObject({ version: '2026.9.7' });
  } finally {
    killGateway(gateway);
    await gateway.exited;
  }
});
