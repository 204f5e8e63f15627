import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { prepareGatewayHome } from './gateway-home.ts';

it('a home so deep that no socket fits into it gets one in a private directory elsewhere', async () => {
  const root = mkdtempSync(join(tmpdir(), 'hq-home-'));
  const flat = await prepareGatewayHome(join(root, 'home'));
  expect(flat.controlSocket).toBe(join(root, 'home', '.openclaw', 'hq', 'control.sock'));
  const deep = await prepareGatewayHome(join(root, 'x'.repeat(100)));
  const directory = dirname(deep.controlSocket);
  expect(Buffer.byteLength(deep.controlSocket)).toBeLessThan(108);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  rmSync(root, { recursive: true });
  rmSync(directory, { recursive: true });
});
