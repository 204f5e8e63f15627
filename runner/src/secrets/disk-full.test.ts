import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mountSmallDisk, type SmallDisk } from '../../../shared/testing/small-disk.ts';
import { type SecretsHarness, startSecretsHarness } from '../testing/secrets-harness.ts';

describe('a full disk', () => {
  let harness: SecretsHarness;
  let disk: SmallDisk | null;
  beforeEach(async () => {
    harness = await startSecretsHarness();
    disk = mountSmallDisk('256k');
  });
  afterEach(async () => {
    await harness?.close();
    disk?.remove();
  });

  it('keeps every file as it was, reports it, and syncs once there is space again', async ({ skip }) => {
    if (disk === null) return skip();
    const path = join(disk.path, 'secrets');
    const read = (name: string) => readFileSync(join(path, name), 'utf8');
    const maya = await harness.stack.database.addAgent('maya', harness.gateway);
    await harness.store('KEY', 'first');
    await harness.store('OWN', 'of maya', { agent: maya });
    const sync = harness.open({ path });
    await sync.start(30_000);
    mkdirSync(join(disk.path, 'other'));
    writeFileSync(join(disk.path, 'other', 'ballast'), Buffer.alloc(160 * 1024));
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
    rmSync(join(disk.path, 'other'), { recursive: true });
    await sync.synced();
    expect(read('agents/maya.env')).toBe(`KEY='${'x'.repeat(60_000)}'\nOWN='${'y'.repeat(60_000)}'\n`);
    expect(sync.state()).toMatchObject({ state: 'ok', problem: null });
    expect((await harness.rows()).every((row) => row.sync_status === 'active')).toBe(true);
  });
});
