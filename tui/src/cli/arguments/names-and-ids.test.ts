import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';
import { callOnTerminal } from '../../../testing/terminal-call.ts';

const cli = await openCliStack();
const { stack, operator, gateway, as, asOperator, ask, clearQueue } = cli;
afterAll(cli.close);

const twins = ['abcdef12-0000-4000-8000-000000000001', 'abcdef12-0001-4000-8000-000000000002'] as const;
const agent = 'c0ffee00-0000-4000-8000-000000000003';

beforeAll(async () => {
  await stack.database.query(
    `insert into gateways (slug) select 'gateway-' || lpad(n::text, 3, '0') from generate_series(1, 205) n`,
  );
  await stack.database.query(
    `insert into agents (id, slug, name, status, gateway_id) values ($1, 'scribe', 'Scribe', 'ready', $2)`,
    [agent, gateway],
  );
});

async function addHelpers(): Promise<void> {
  await stack.database.query(
    `insert into agents (slug, name) select 'helper-' || n, 'Helper' from generate_series(1, 7) n`,
  );
}
beforeAll(addHelpers);

async function addCommand(id: string): Promise<void> {
  await stack.database.behindTheGuard(
    `insert into public.agent_commands (id, gateway_id, action) values ('${id}', '${gateway}', 'ping')`,
  );
}

describe('a name that does not exist', () => {
  it('is answered with all names where they are few', async () => {
    await stack.database.query(`delete from agents where slug like 'helper-%'`);
    const { stderr } = await asOperator(['run', 'pause_agent', '--agent', 'nobody']);
    expect(stderr).toContain('Known: scribe.');
    await addHelpers();
  });

  it('is answered with the nearest names, the number of all and the call that lists them', async () => {
    const { code, stdout, stderr } = await asOperator(['run', 'ping', '--gateway', 'gatway-017']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/There is no gateway “gatway-017”\.\nDid you mean gateway-017/);
    expect(stderr).toContain('`hq-tui gateways` lists all 206.');
    expect(stderr.split('gateway-').length).toBeLessThanOrEqual(4);
  });

  it.each([
    [['agents', '--gateway', 'nowhere'], '`hq-tui gateways` lists all 206.'],
    [['commands', '--agent', 'scrbe'], 'Did you mean scribe? `hq-tui agents` lists all 8.'],
    [['run', 'pause_agent', '--agent', 'scibe'], 'Did you mean scribe?'],
    [
      ['run', 'create_task', '--set', 'title=Write', '--set', 'agent=scrbe'],
      'Did you mean scribe? `hq-tui agents` lists all 8.',
    ],
    [['secrets', 'set', 'A_KEY'], '`hq-tui gateways` lists all 206.'],
    [['secrets', 'list', '--agent', 'scrib'], 'Did you mean scribe?'],
    [['gatewais'], 'Did you mean gateways?'],
    [['comand'], 'Did you mean commands?'],
    [['run', 'restart_gatway'], 'Did you mean restart_gateway?'],
    [['secrets', 'lst'], 'Did you mean list?'],
    [['agents', '--gatway', 'default'], 'Did you mean --gateway?'],
    [['--readnly'], 'Did you mean --readonly?'],
  ])('is answered so in %j', async (args, hint) => {
    const { code, stdout, stderr } = await asOperator(args, { input: 'a value of a secret' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(hint);
  });
});

describe('the start of an id', () => {
  it('names a command, however old it is', async () => {
    await clearQueue();
    await addCommand(twins[0]);
    for (let others = 0; others < 3; others += 1) await ask('ping', '--gateway', 'default');
    for (const start of ['abcd', 'ABCDEF12', 'abcdef12-0000-4']) {
      expect((await asOperator(['cancel', start])).stdout).toBe(`${twins[0]} cancelled\n`);
    }
  });

  it('may have digits alone', async () => {
    const { code, stderr } = await asOperator(['watch', '12345678']);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('No command has an id that begins with 12345678.'),
    });
  });

  it('that several commands share is refused with those', async () => {
    await clearQueue();
    for (const id of twins) await addCommand(id);
    const { code, stdout, stderr } = await asOperator(['cancel', 'abcdef12']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Give more of it: abcdef12-0001 ping, abcdef12-0000 ping.');
    expect((await asOperator(['cancel', 'abcdef12-0001'])).stdout).toBe(`${twins[1]} cancelled\n`);
  });

  it('is what a terminal shows, long enough to tell the rows apart', async () => {
    await clearQueue();
    for (const id of twins) await addCommand(id);
    const listed = callOnTerminal(['commands'], { env: as(operator), columns: 120 });
    expect(await listed.exitCode).toBe(0);
    expect(listed.text).toMatch(/^abcdef12-0000 {2}ping/m);
    expect(listed.text).toMatch(/^abcdef12-0001 {2}ping/m);
    const run = callOnTerminal(['run', 'ping', '--gateway', 'default'], { env: as(operator) });
    expect(await run.exitCode).toBe(0);
    expect(run.text).toMatch(/^[0-9a-f]{8} pending\r?\n$/);
  });

  it('names a gateway and an agent', async () => {
    await clearQueue();
    const { code, stderr } = await asOperator(['run', 'ping', '--gateway', gateway.slice(0, 8)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const paused = await asOperator(['run', 'pause_agent', '--agent', agent.slice(0, 8)]);
    expect(paused).toMatchObject({ code: 0, stderr: '' });
    const { stdout } = await asOperator(['commands', '--agent', agent.slice(0, 8), '--json']);
    expect(JSON.parse(stdout).commands).toMatchObject([{ action: 'pause_agent', agent: 'scribe' }]);
  });

  it('is asked for by the slug of what it names', async () => {
    const args = ['run', 'restart_gateway', '--gateway', gateway.slice(0, 8)];
    const asked = callOnTerminal(args, { env: as(operator) });
    await asked.waitFor('[y/N]');
    expect(asked.text).toContain('on default.');
    asked.press('n\r');
    expect(await asked.exitCode).toBe(6);
  });

  it('names an alert, which the list of alerts shows', async () => {
    await stack.database.query(
      `insert into notifications (id, type, title) values ('beef0001-0000-4000-8000-000000000001', 'system', 'Look here')`,
    );
    const listed = callOnTerminal(['alerts'], { env: as(operator) });
    expect(await listed.exitCode).toBe(0);
    expect(listed.text).toMatch(/^beef0001 .*Look here/m);
    expect((await asOperator(['alerts'])).stdout).toContain('beef0001-0000-4000-8000-000000000001');
    const seen = await asOperator(['run', 'acknowledge_alert', '--set', 'alert=beef0001']);
    expect(seen).toMatchObject({ code: 0, stdout: 'seen: Look here\n' });
  });

  it.each(['zzzz', 'abc', '--json'])('of %j is none', async (text) => {
    const { code } = await call(['cancel', text], { env: as(operator) });
    expect(code).toBe(2);
  });
});
