import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { operator, as, asOperator } = cli;
afterAll(cli.close);

describe('completion', () => {
  const complete = async (...words: string[]): Promise<string[]> =>
    (await asOperator(['complete', '--', ...words])).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t')[0] ?? '');

  it('offers commands, actions, options, fields and gateways', async () => {
    expect(await complete('com')).toEqual(['commands', 'completion']);
    expect(await complete('run', 'restart_')).toEqual([
      'restart_gateway',
      'restart_dispatcher',
      'restart_session',
    ]);
    expect(await complete('run', 'ping', '--w')).toEqual(['--wait']);
    expect(await complete('run', 'tail_logs', '--set', '')).toEqual(['service=', 'lines=']);
    expect(await complete('commands', '--status', 'pe')).toEqual(['pending']);
    // Names of the database come within 1.5 s or not at all, and a busy machine may take longer.
    await eventually(async () => expect(await complete('run', 'ping', '--gateway', '')).toEqual(['default']));
  });

  it('offers nothing, without an error, when the HQ cannot be reached', async () => {
    const env = { ...as(operator), SUPABASE_URL: 'http://127.0.0.1:9' };
    const { code, stdout, stderr } = await call(['complete', '--', 'run', 'ping', '--gateway', ''], { env });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('prints a bash script that completes words, and fields after their =', async () => {
    const { stdout: script } = await call(['completion', 'bash']);
    const main = fileURLToPath(new URL('../../main.ts', import.meta.url));
    const completed = async (line: string): Promise<string> => {
      const child = spawn('bash', ['--norc', '-s'], {
        env: as(operator),
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      child.stdin.end(
        `hq-tui() { '${process.execPath}' '${main}' "$@"; }\n${script}\n` +
          `COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; _hq_tui; echo "\${COMPREPLY[*]}"\n`,
      );
      let told = '';
      for await (const chunk of child.stdout) told += String(chunk);
      return told.trim();
    };
    expect(await completed('hq-tui run restart_')).toBe('restart_gateway restart_dispatcher restart_session');
    expect(await completed('hq-tui run tail_logs --set ')).toBe('service= lines=');
    expect(await completed('hq-tui run tail_logs --set li')).toBe('lines=');
  });
});
