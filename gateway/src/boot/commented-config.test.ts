import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ensureBuilt } from '../../../scripts/build.ts';
import { startReadyGateway } from '../testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  startGateway,
  startLimitMs,
  type TestHome,
} from '../testing/running-gateway.ts';

/** JSON with comments, as an operator writes it: settings that HQ changes, and one that it keeps. */
const written = `// Our gateway.
{
  gateway: { mode: 'local' },
  cron: { enabled: true }, // Once a day.
  session: { dmScope: 'main' },
  messages: { ackReaction: 'eyes', },
}
`;

let home: TestHome;
let gateway: RunningGateway;
beforeAll(async () => {
  await ensureBuilt('hq-plugin');
  home = await createHome();
  writeFileSync(home.file('openclaw.json'), written, { mode: 0o600 });
  gateway = await startReadyGateway(home, { HQ_REHEARSAL: '1' });
}, startLimitMs);
afterAll(async () => {
  killGateway(gateway);
  await gateway.exited;
  home.remove();
}, 60_000);

it('is rewritten by OpenClaw before it listens, and keeps what HQ does not want to change', {
  timeout: startLimitMs,
}, async () => {
  const [read, pinged] = await home.control.calls(
    [{ method: 'config.get' }, { method: 'hq.ping' }],
    AbortSignal.timeout(30_000),
  );
  const { config } = z.object({ config: z.looseObject({}) }).parse(read?.ok === true ? read.payload : null);
  expect(config).toMatchObject({
    gateway: { bind: 'loopback' },
    cron: { enabled: false },
    session: { dmScope: 'per-channel-peer' },
    messages: { ackReaction: 'eyes' },
    plugins: { allow: expect.arrayContaining(['hq']) },
  });
  expect(pinged).toMatchObject({ ok: true });
  expect(readFileSync(home.file('openclaw.json.bak'), 'utf8')).toBe(written);
  expect(gateway.output()).not.toContain('non-loopback');
  expect(gateway.output()).not.toContain('requires gateway restart');
});

it('that nobody can read ends the start with the reason', { timeout: startLimitMs }, async () => {
  const broken = await createHome();
  try {
    writeFileSync(broken.file('openclaw.json'), '// Ours.\n{ gateway: ', { mode: 0o600 });
    const started = startGateway(broken);
    expect(await started.exited).toBe(1);
    expect(started.log().at(-1)).toMatchObject({
      level: 'fatal',
      msg: expect.stringContaining('OpenClaw cannot read its configuration'),
      hint: expect.stringContaining('Repair the file'),
    });
    expect(readFileSync(broken.file('openclaw.json'), 'utf8')).toBe('// Ours.\n{ gateway: ');
  } finally {
    broken.remove();
  }
});
