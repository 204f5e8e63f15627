import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SecretsHarness, startSecretsHarness } from '../testing/secrets-harness.ts';

/** A file system of so many bytes of its own needs root, and a kernel that lets it mount. */
function canMount(): boolean {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return false;
  const place = mkdtempSync(join(tmpdir(), 'hq-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    // A container may be root and still not be allowed to.
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe.runIf(canMount())('a full disk', () => {
  let harness: SecretsHarness;
  let disk: string;
  beforeEach(async () => {
    harness = await startSecretsHarness();
    disk = mkdtempSync(join(tmpdir(), 'hq-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', disk]);
  });
  afterEach(async () => {
    await harness?.close();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  it('keeps every file as it was, reports it, and syncs once there is space again', async () => {
    const path = join(disk, 'secrets');
    const read = (name: string) => readFileSync(join(path, name), 'utf8');
    const maya = await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'first');
    await harness.store('OWN', 'of maya', { agent: maya });
    const sync = harness.open({ path });
    await sync.start(30_000);
    mkdirSync(join(disk, 'other'));
    writeFileSync(join(disk, 'other', 'ballast'), Buffer.alloc(160 * 1024));
    await harness.store('KEY', 'x'.repeat(60_000));
    await harness.store('OWN', 'y'.repeat(60_000), { agent: maya });
    await expect(sync.synced()).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/no space is left on the disk/),
    });
    const whole = [`KEY='first'\n`, `KEY='${'x'.repeat(60_000)}'\n`];
    expect(whole).toContain(read('gateway.env'));
    expect(read('agents/maya.env')).toBe(`KEY='first'\nOWN='of maya'\n`);
    expect(sync.state()).toMatchObject({
      state: 'error',
      problem: expect.stringMatching(/no space is left/),
    });
    expect(await harness.row('OWN')).toMatchObject({
      sync_status: 'error',
      sync_error: 'Its file could not be written: no space is left on the disk.',
    });
    rmSync(join(disk, 'other'), { recursive: true });
    await sync.synced();
    expect(read('agents/maya.env')).toBe(`KEY='${'x'.repeat(60_000)}'\nOWN='${'y'.repeat(60_000)}'\n`);
    expect(sync.state()).toMatchObject({ state: 'ok', problem: null });
    expect((await harness.rows()).every((row) => row.sync_status === 'active')).toBe(true);
  });
});
