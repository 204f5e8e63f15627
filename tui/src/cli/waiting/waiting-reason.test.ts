import { afterAll, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { exchange } from '../../../../db/testing/exchange.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, gateway, asOperator, ask, clearQueue, whenClaimed } = cli;
afterAll(cli.close);

const set = (change: string) =>
  stack.database.query(`update public.gateways set ${change} where id = '${gateway}'`);
const runnerBeats = () => exchange(stack.database, { gateway, beat: { runner: 'runner-1' } });

beforeEach(async () => {
  await clearQueue();
  await set(`status = 'ready', last_seen_at = null, meta = '{}'`);
});

it.each([
  ['run', (options: readonly string[]) => ['run', 'ping', '--wait', ...options]],
  ['watch', async (options: readonly string[]) => ['watch', await ask('ping'), ...options]],
])('%s says at once why the command waits, and when that changes', async (_name, argsOf) => {
  let told = '';
  const waiting = asOperator(await argsOf(['--json']), {
    onStderr: (soFar) => {
      told = soFar;
    },
  });
  const says = (sentence: string) => eventually(() => expect(told).toContain(`It waits: ${sentence}\n`));
  await says('default was never seen: no runner has reported from it yet.');
  await set(`last_seen_at = now() - interval '5 minutes'`);
  await says('default is offline, last seen 5m ago: its runner is stopped or cannot reach this HQ.');
  await set(`last_seen_at = now()`);
  await says('Nothing on default runs ping: no hq-runner reports from it, only a daemon of an older HQ.');
  await runnerBeats();
  await set(`status = 'paused'`);
  await says('default is paused. `hq-tui run resume_gateway --gateway default` lets it run.');
  await set(`status = 'ready'`);
  const { lease_token: token } = await whenClaimed();
  await exchange(stack.database, {
    gateway,
    results: [{ token, status: 'done', exit_code: 0, result: { runner: 'runner-1' } }],
  });
  const { code, stdout, stderr } = await waiting;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ command: { status: 'done' } });
  expect(stderr.match(/It waits/g)).toHaveLength(4);
});

it('a call that gives up says why the command has not begun', async () => {
  await set(`status = 'paused', last_seen_at = now()`);
  const { code, stderr } = await asOperator(['run', 'ping', '--wait', '--timeout', '2']);
  expect(code).toBe(5);
  expect(stderr).toMatch(/has not finished within 2 s; it goes on\. default is paused\./);
});

it('nothing is said of a gateway that is up', async () => {
  await runnerBeats();
  const { stderr } = await asOperator(['run', 'ping', '--wait', '--timeout', '2']);
  expect(stderr).not.toContain('It waits');
});
