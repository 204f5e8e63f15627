import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCliStack } from '../../../../testing/cli-stack.ts';

let cli: Awaited<ReturnType<typeof openCliStack>>;
let home: string;
beforeAll(async () => {
  cli = await openCliStack();
}, 240_000);
afterAll(() => cli.close(), 60_000);
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hq-home-'));
  const config = {
    agents: { entries: { main: { name: 'Maya' } } },
    channels: { telegram: { botToken: '123456:a-token-that-nobody-may-see' } },
  };
  writeFileSync(join(home, 'openclaw.json'), `// mine\n${JSON.stringify(config)}`);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Makes the home look as while OpenClaw runs on it, in the process of this test. */
function run(): void {
  mkdirSync(join(home, 'state'));
  using database = new DatabaseSync(join(home, 'state', 'openclaw.sqlite'));
  database.exec('create table state_leases (scope, expires_at, payload_json)');
  const payload = JSON.stringify({ owner: { pid: process.pid, host: hostname() } });
  database
    .prepare('insert into state_leases values (?, ?, ?)')
    .run('gateway-owner', Date.now() + 600_000, payload);
}
const importHome = (...args: string[]) => cli.asOperator(['gateways', 'import', home, ...args]);
const records = () => existsSync(join(cli.home, 'state', 'hq', 'imports'));

describe('gateways import', { timeout: 60_000 }, () => {
  it('prints its plan and changes nothing with --dry-run', async () => {
    const { code, stdout } = await importHome('--dry-run', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      plan: {
        agents: [{ source: 'main', slug: 'maya', channel: 'telegram', secrets: ['TELEGRAM_BOT_TOKEN'] }],
        running: false,
      },
    });
    expect(stdout).not.toContain('nobody-may-see');
    const readonly = await cli.asOperator(['--readonly', 'gateways', 'import', home, '--dry-run']);
    expect(readonly.code).toBe(0);
    expect((await cli.asOperator(['--readonly', 'gateways', 'import', home])).code).toBe(3);
    expect(records()).toBe(false);
  });

  it('needs a yes, and the gateway itself, before it writes anything', async () => {
    expect(await importHome()).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await importHome('--yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('--socket') });
    const nowhere = await importHome('--yes', '--socket', join(home, 'none.sock'));
    expect(nowhere).toMatchObject({ code: 4, stderr: expect.stringContaining('does not answer') });
    expect(await importHome('--yes', '--socket', 'a', '--container', 'b')).toMatchObject({ code: 2 });
    expect(records()).toBe(false);
  });

  it('refuses a wrong --socket with --dry-run, too', async () => {
    const socket = join(home, 'none.sock');
    const wrong = { code: 4, stdout: '', stderr: expect.stringContaining('does not answer') };
    expect(await importHome('--dry-run', '--socket', socket)).toMatchObject(wrong);
    const unimport = ['gateways', 'unimport', home, '--dry-run', '--socket', socket];
    expect(await cli.asOperator(unimport)).toMatchObject(wrong);
  });

  it('refuses the bots of an OpenClaw that runs, and goes on without them', async () => {
    run();
    const refused = await importHome('--yes');
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('--no-channels') });
    const without = await importHome('--yes', '--no-channels');
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('--socket') });
    expect(without.stdout).toContain('left out  telegram default: --no-channels');
  });

  it('names what is wrong with a home or a slug', async () => {
    expect(await importHome('--as', 'eve=eva')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('eve'),
    });
    writeFileSync(join(home, 'openclaw.json'), '{ half');
    expect(await importHome()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no complete JSON5'),
    });
    const gone = await cli.asOperator(['gateways', 'import', join(home, 'none')]);
    expect(gone).toMatchObject({ code: 2, stderr: expect.stringContaining('is no directory') });
    const unknown = await cli.asOperator(['gateways', 'unimport', home, '--yes']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('was not imported') });
  });
});
