import { afterAll, expect, it } from 'vitest';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { viewer, as, asOperator } = cli;
afterAll(cli.close);

const stopped = async () => JSON.parse((await asOperator(['status', '--json'])).stdout).stopped;

it('stop-all asks, stops everything, and the status says who did until resume-all', async () => {
  expect(await stopped()).toBeNull();
  const unasked = await asOperator(['stop-all']);
  expect(unasked.code).toBe(2);
  expect(unasked.stderr).toContain('Add --yes to confirm it.');
  expect((await call(['stop-all', '--yes'], { env: as(viewer) })).stderr).toContain(
    'needs the role operator',
  );
  expect(await asOperator(['stop-all', '--yes'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('all agents are stopped'),
  });
  expect(await stopped()).toEqual({ since: expect.any(String), by: 'olga@example.test' });
  const { stdout } = await call(['status'], { env: as(viewer) });
  expect(stdout).toMatch(/STOPPED by olga@example\.test since \d\d:\d\d UTC: hq-tui resume-all/);
  expect(await asOperator(['resume-all'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('agents work again'),
  });
  expect(await stopped()).toBeNull();
});
