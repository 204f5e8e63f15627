import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, gateway, viewer, asOperator, as } = cli;
afterAll(cli.close);

const report = (meta: object, seen = 'now()') =>
  stack.database.behindTheGuard(
    `update public.gateways set status = 'ready', last_seen_at = ${seen}, meta = '${JSON.stringify(meta)}' where id = '${gateway}'`,
  );
const service = { name: 'gateway', health: 'healthy', startedAt: null, version: null, restarts: 0 };
const jails = {
  exec: true,
  browser: true,
  findings: [{ isThere: true, sentence: 'The kernel allows jails.' }],
};

describe('hq-tui doctor', () => {
  beforeEach(() => report({ services: [service], confinement: jails }));

  it('says that everything works, for a viewer too', async () => {
    const { code, stdout, stderr } = await call(['doctor'], { env: as(viewer) });
    expect(stdout.split('\n')).toEqual([
      `ok    hq: ${new URL(stack.url).host} answers vera@example.test (viewer)`,
      'ok    clock: as the database’s',
      expect.stringMatching(/^ok {4}default: healthy, seen (just now|\d+s ago), 1 service$/),
      'ok    default: its agents run commands and a browser in jails of their own',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('tells what agents may not do on a host, why, and what to do', async () => {
    const sentence = 'bubblewrap is not installed.';
    const remedy = 'Install the package `bubblewrap`.';
    const findings = [{ isThere: false, sentence, remedy }];
    await report({ services: [service], confinement: { exec: false, browser: false, findings } });
    const { code, stdout } = await asOperator(['doctor']);
    expect(stdout).toContain(
      `warn  default: agents cannot run commands, and have no browser: ${sentence}\n      ${remedy}\n`,
    );
    expect(code).toBe(0);
  });

  it('fails for a gateway that is silent or unwell, and names the next step', async () => {
    await report({ services: [service] }, "now() - interval '3 minutes'");
    const silent = await asOperator(['doctor']);
    expect(silent).toMatchObject({ code: 1, stderr: 'hq-tui: 1 of 3 checks failed.\n' });
    expect(silent.stdout).toContain('fail  default: last seen 3m ago\n      Look at the runner on its host');
    await report({ services: [{ ...service, health: 'unhealthy' }] });
    expect((await asOperator(['doctor'])).stdout).toContain('fail  default: gateway is unhealthy\n');
  });

  it('is a document for programs', async () => {
    await report({ services: [service], secrets: { keys: [], state: 'error', problem: 'the disk is full' } });
    const { code, stdout } = await asOperator(['doctor', '--json']);
    const { checks, asOf } = JSON.parse(stdout);
    expect(Date.parse(asOf)).toBeGreaterThan(0);
    expect(checks.at(-1)).toEqual({
      about: 'default',
      state: 'fail',
      finding: 'its secrets are not on its disk: the disk is full',
      remedy: '`hq-tui secrets list` names the secret.',
    });
    expect(code).toBe(1);
  });

  it('ends as every call where no HQ answers', async () => {
    const { code, stderr } = await call(['doctor'], { env: cli.nowhere() });
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('No HQ is known here.') });
  });

  it('names HQ_RUN_FILE where no HQ runs with that file', async () => {
    const { code, stderr } = await call(['doctor'], {
      env: { ...cli.nowhere(), HQ_RUN_FILE: '/nowhere/run.json' },
    });
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('HQ_RUN_FILE names /nowhere/run.json'),
    });
  });
});
