import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { exchange } from '../../../../db/testing/exchange.ts';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, viewer, gateway, as, asOperator, ask } = cli;
afterAll(cli.close);

const service = (name: string, health: string) => ({
  name,
  health,
  startedAt: null,
  version: null,
  restarts: 0,
});

describe('the lists', () => {
  beforeEach(async () => {
    await exchange(stack.database, {
      gateway,
      beat: { version: '1.2.3', services: [service('gateway', 'healthy')] },
    });
  });

  it('print the status as text, and that nothing needs attention', async () => {
    const { code, stdout, stderr } = await asOperator(['status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('olga@example.test (operator)');
    expect(stdout).toMatch(/default\s+healthy\s+now/);
    expect(stdout).toContain('gateway healthy');
    expect(stdout).not.toContain('\u001b');
  });

  it('print the status as text when there is no terminal for the screens', async () => {
    const { code, stdout, stderr } = await asOperator([]);
    expect(code).toBe(0);
    expect(stderr).toContain('not a terminal');
    expect(stdout).toMatch(/default\s+healthy/);
  });

  it.each([
    ['the locale C', { LC_ALL: 'C', LANG: 'de_DE.UTF-8' }],
    ['the locale POSIX', { LANG: 'POSIX' }],
    ['no locale', { LANG: '' }],
  ])('print ASCII alone in %s, and escape it in documents', async (_name, locale) => {
    await stack.database.query(
      `insert into agents (slug, name, status) values ('zoe', 'Zoë · “東京”', 'ready') on conflict do nothing`,
    );
    const env = { ...as(viewer), ...locale };
    const calls = [
      ['agents'],
      ['agents', '--json'],
      ['gateways'],
      ['commands'],
      ['nonsense'],
      ['--help'],
      ['run', '--help'],
    ];
    for (const args of calls) {
      const { stdout, stderr } = await call(args, { env });
      expect(stdout + stderr).toMatch(/^[\n -~]+$/);
    }
    const { stdout } = await call(['agents', '--json'], { env });
    expect(JSON.parse(stdout).agents).toMatchObject([{ name: 'Zoë · “東京”' }]);
    const english = await call(['agents', '--json'], { env: as(viewer) });
    expect(english.stdout).toContain('Zoë · “東京”');
    await stack.database.query(`delete from agents where slug = 'zoe'`);
  });

  it('print documents of a stable shape', async () => {
    const { stdout } = await asOperator(['gateways', '--json']);
    const { asOf, gateways } = JSON.parse(stdout);
    expect(Number.isNaN(Date.parse(asOf))).toBe(false);
    expect(gateways).toEqual([
      {
        id: gateway,
        slug: 'default',
        label: 'Primary gateway',
        status: 'ready',
        condition: 'healthy',
        lastSeenAt: expect.any(String),
        lastSeenSeconds: expect.any(Number),
        version: '1.2.3',
        runner: null,
        services: [service('gateway', 'healthy')],
      },
    ]);
  });

  it('never show a stale gateway as healthy', async () => {
    const far = await stack.database.addGateway('far-away');
    await stack.database.behindTheGuard(
      "update gateways set status = 'ready', last_seen_at = clock_timestamp() - interval '5 minutes' where id = $1",
      [far],
    );
    const { stdout } = await asOperator(['status', '--json']);
    const status = JSON.parse(stdout);
    expect(status.gateways).toContainEqual(expect.objectContaining({ slug: 'far-away', condition: 'stale' }));
    expect(status.attention).toEqual([
      expect.objectContaining({ kind: 'stale-gateway', name: 'far-away', reason: 'last seen 5m ago' }),
    ]);
    expect((await asOperator(['gateways'])).stdout).toMatch(/far-away\s+stale\s+5m/);
    await stack.database.query('delete from gateways where id = $1', [far]);
  });

  it('count every command that waits, the newest 500 or not', async () => {
    await stack.database.behindTheGuard(
      `insert into public.agent_commands (gateway_id, action, status, created_at)
       select '${gateway}', 'ping', case when n = 1 then 'pending' else 'done' end::public.command_status, now() - make_interval(secs => 600 - n)
       from generate_series(1, 510) n`,
    );
    const { commands } = JSON.parse((await asOperator(['status', '--json'])).stdout);
    expect(commands).toEqual({ pending: 1, running: 0 });
    await stack.database.behindTheGuard('delete from public.agent_commands');
  });

  it('filter commands by status, age, number and target', async () => {
    const id = await ask('ping');
    await ask('stack_status');
    const newest = JSON.parse((await asOperator(['commands', '--json', '--limit', '1'])).stdout);
    expect(newest.commands).toHaveLength(1);
    expect(newest.commands[0]).toMatchObject({ action: 'stack_status', gateway: 'default', origin: 'cli' });
    await asOperator(['cancel', id]);
    const cancelled = JSON.parse((await asOperator(['commands', '--json', '--status', 'cancelled'])).stdout);
    expect(cancelled.commands.map((command: { id: string }) => command.id)).toContain(id);
    const old = await asOperator(['commands', '--since', '2020-01-01', '--gateway', 'default']);
    expect(old.stdout).toMatch(/ID\s+ACTION/);
    const nobody = await asOperator(['commands', '--gateway', 'nowhere']);
    expect(nobody.code).toBe(2);
    expect(nobody.stderr).toContain('Known: default');
  });

  it('remove escape sequences from names', async () => {
    await stack.database.addAgent('hostile', gateway);
    await stack.database.query('update agents set name = $1', ['\u001b]0;owned\u0007\u202eevil\u001b[2J']);
    const { stdout } = await asOperator(['agents']);
    expect(stdout).toMatch(/hostile .*evil/);
    for (const trick of ['\u001b', '\u0007', '\u202e']) expect(stdout).not.toContain(trick);
  });

  it('are open to a viewer, and contain no rows of another tenant', async () => {
    expect((await call(['audit', '--json'], { env: as(viewer) })).code).toBe(0);
    const tenant = await stack.database.addTenant('elsewhere');
    const stranger = await stack.createMember('admin', { tenant: tenant.id });
    const { stdout } = await call(['commands', '--json'], { env: as(stranger) });
    expect(JSON.parse(stdout).commands).toEqual([]);
  });
});
