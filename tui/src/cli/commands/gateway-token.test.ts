import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, asOperator, as } = cli;
afterAll(cli.close);
const admin = await stack.createMember('admin', { email: 'ada@example.test' });
const tokens = () =>
  stack.database.query<{ token_hash: string; label: string | null }>(
    'select token_hash, label from public.gateway_registration_tokens order by created_at',
  );

describe('hq-tui gateways token', () => {
  it('prints a token for a new host to an admin, and stores its hash alone', async () => {
    const args = ['gateways', 'token', '--label', 'Rack 7'];
    const { code, stdout, stderr } = await call(args, { env: as(admin) });
    const token = stdout.trim();
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('within 15 minutes') });
    const hash = createHash('sha256').update(token).digest('hex');
    expect(await tokens()).toEqual([{ token_hash: hash, label: 'Rack 7' }]);
  });

  it('is refused for an operator, under --readonly, and with a time that the database does not give', async () => {
    const before = (await tokens()).length;
    expect(await asOperator(['gateways', 'token'])).toMatchObject({ code: 3, stdout: '' });
    const readonly = await call(['--readonly', 'gateways', 'token'], { env: as(admin) });
    expect(readonly).toMatchObject({ code: 3, stderr: expect.stringContaining('--readonly') });
    for (const minutes of ['0', '4', '61', 'soon']) {
      const { code } = await call(['gateways', 'token', '--minutes', minutes], { env: as(admin) });
      expect(code).toBe(2);
    }
    expect(await tokens()).toHaveLength(before);
  });

  it('is a document for programs, and leaves the list of gateways as it was', async () => {
    const { stdout } = await call(['gateways', 'token', '--minutes', '5', '--json'], { env: as(admin) });
    const { token, expiresAt } = JSON.parse(stdout);
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
    expect(JSON.parse((await asOperator(['gateways', '--json'])).stdout).gateways).toHaveLength(1);
  });
});
