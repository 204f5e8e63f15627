import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { claimOne, exchange, expireLease } from '../../../../db/testing/exchange.ts';
import { setResultReporter } from '../../../../shared/src/actions/result-reporter.ts';
import { refuseMisfits } from '../../../../shared/testing/strict-results.ts';
import { type CallResult, call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, viewer, gateway, as, asOperator, ask, clearQueue, whenClaimed } = cli;
afterAll(cli.close);

describe('run', () => {
  it('prints the id at once, and the same one for the same idempotency key', async () => {
    const first = await asOperator(['run', 'ping', '--idempotency-key', 'k1']);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f-]{36} pending\n$/) });
    const second = await asOperator(['run', 'ping', '--idempotency-key', 'k1']);
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toContain('earlier command');
    const other = await asOperator(['run', 'stack_status', '--idempotency-key', 'k1']);
    expect(other.code).toBe(3);
  });

  it('prints the result of an action of the database at once', async () => {
    const made = await asOperator(['run', 'create_task', '--set', 'title=Write the letter']);
    expect(made).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^task [0-9a-f]{8} \(Write the letter\) for nobody yet\n$/),
      stderr: '',
    });
    const id = made.stdout.split(' ')[1] ?? '';
    const done = await asOperator([
      'run',
      'set_task_status',
      '--set',
      `task=${id}`,
      '--set',
      'status=done',
      '--wait',
    ]);
    expect(done).toMatchObject({ code: 0, stdout: `task ${id} (Write the letter) is done\n` });
    const { stdout } = await asOperator(['commands', '--json', '--limit', '1']);
    expect(JSON.parse(stdout)).toMatchObject({
      commands: [{ action: 'set_task_status', gateway: null, status: 'done' }],
    });
    expect((await asOperator(['run', 'create_task', '--gateway', 'default'])).code).toBe(2);
    expect((await asOperator(['run', 'pause_agent'])).stderr).toContain('needs an agent');
  });

  it('shows a viewer the reason of the database, and ends with 3', async () => {
    const { code, stdout, stderr } = await call(['run', 'restart_gateway', '--yes'], { env: as(viewer) });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('needs the role operator; yours is viewer');
  });

  it('waits, with output on standard error and the result on standard output', async () => {
    await clearQueue();
    const waiting = asOperator(['run', 'tail-logs', '--set', 'lines=2', '--wait', '--timeout', '30']);
    const command = await whenClaimed();
    const token = command.lease_token;
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 0, stream: 'stdout', text: 'first \u001b[31mline\u001b[0m\n' }],
      progress: [{ token, percent: 50, note: 'half way' }],
    });
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 1, stream: 'stderr', text: 'second line\n' }],
      results: [{ token, status: 'done', exit_code: 0, result: { service: 'gateway', lines: 2 } }],
    });
    const { code, stdout, stderr } = await waiting;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 lines of gateway\n' });
    expect(stderr).toMatch(/^first line\n(.*\n)*second line$/m);
  });

  it('ends with 1 and the reason when the command fails', async () => {
    await clearQueue();
    const waiting = asOperator(['run', 'restart_gateway', '--yes', '--wait', '--json']);
    const { lease_token: token } = await whenClaimed();
    await exchange(stack.database, {
      gateway,
      results: [{ token, status: 'failed', exit_code: 1, error_message: 'never became healthy' }],
    });
    const { code, stdout, stderr } = await waiting;
    expect(code).toBe(1);
    expect(stderr).toContain('never became healthy');
    expect(JSON.parse(stdout).command).toMatchObject({ status: 'failed', exitCode: 1 });
  });

  describe('a result that does not fit the schema of its action', () => {
    afterEach(refuseMisfits);

    async function pingWith(result: unknown, ...options: string[]): Promise<CallResult> {
      await clearQueue();
      const waiting = asOperator(['run', 'ping', '--wait', ...options]);
      const { lease_token: token } = await whenClaimed();
      await exchange(stack.database, { gateway, results: [{ token, status: 'done', exit_code: 0, result }] });
      return waiting;
    }

    it('is an error in tests', async () => {
      const { code, stderr } = await pingWith({ runner: 7 });
      expect(code).toBe(1);
      expect(stderr).toContain('The result of ping does not fit its schema: runner: ');
    });

    it('is printed as JSON outside of tests, with a note', async () => {
      setResultReporter(() => undefined);
      const { code, stdout, stderr } = await pingWith({ runner: 7 });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '{"runner":7}\n' });
      expect(stderr).toMatch(/The result of ping does not fit its schema: .*printed as JSON/);
    });

    it('has a note beside the document of --json', async () => {
      setResultReporter(() => undefined);
      const { stdout, stderr } = await pingWith({ runner: 7 }, '--json');
      expect(JSON.parse(stdout)).toMatchObject({ command: { result: { runner: 7 }, outcome: null } });
      expect(stderr).toContain('does not fit its schema');
    });
  });

  it('ends with 6 when the command is cancelled meanwhile', async () => {
    await clearQueue();
    const id = await ask('ping');
    const watching = asOperator(['watch', id]);
    await asOperator(['cancel', id.slice(0, 8)]);
    const { code, stdout } = await watching;
    expect({ code, stdout }).toEqual({ code: 6, stdout: `${id} cancelled\n` });
  });

  it('ends with 5 at its time limit, and says how to continue', async () => {
    await clearQueue();
    const { code, stdout, stderr } = await asOperator(['run', 'ping', '--wait', '--timeout', '1']);
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toMatch(/hq-tui watch [0-9a-f]{8}`/);
  });

  it('continues to wait while the API is down, and misses nothing', async () => {
    await clearQueue();
    const id = await ask('ping');
    let wasAway = false;
    const away = Promise.withResolvers<void>();
    const watching = asOperator(['watch', id, '--timeout', '60'], {
      onStderr: (soFar) => {
        if (soFar.includes('pending') && !wasAway) {
          wasAway = true;
          stack.stopApi().then(away.resolve, away.reject);
        }
      },
    });
    await away.promise;
    const { lease_token: token } = await claimOne(stack.database, gateway);
    await exchange(stack.database, {
      gateway,
      output: [{ token, seq: 0, stream: 'stdout', text: 'written while away\n' }],
      results: [{ token, status: 'done', exit_code: 0, result: { runner: 'runner-1' } }],
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await stack.startApi();
    const { code, stdout, stderr } = await watching;
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'answered by runner-1\n' });
    expect(stderr).toContain('written while away');
  });

  it('ends with 2 for a command that does not exist', async () => {
    const { code, stderr } = await asOperator(['watch', '00000000-0000-4000-8000-000000000000']);
    expect(code).toBe(2);
    expect(stderr).toContain('no command');
  });

  it('reports a command whose runner is lost', async () => {
    await clearQueue();
    const id = await ask('ping');
    await claimOne(stack.database, gateway);
    await expireLease(stack.database, id);
    const { stdout } = await asOperator(['status', '--json']);
    expect(JSON.parse(stdout).attention).toContainEqual(expect.objectContaining({ kind: 'runner-lost', id }));
  });
});
