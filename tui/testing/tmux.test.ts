import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { environmentFlag } from '@hq/shared/program';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type Bundled, bundled } from './bundled.ts';

const run = promisify(execFile);
/** A tmux server of its own, with no one's configuration. */
const server = ['-L', `hq-test-${process.pid}`, '-f', '/dev/null'];
const tmux = async (...args: string[]): Promise<string> =>
  (await run('tmux', [...server, ...args], { env: { ...process.env, TERM: 'xterm-256color' } })).stdout;
const screen = () => tmux('capture-pane', '-p', '-t', 'hq');
const pane = async (format: string) => (await tmux('display-message', '-p', '-t', 'hq', format)).trimEnd();
const shows = (text: string | RegExp) => eventually(async () => expect(await screen()).toMatch(text));

describe.runIf(environmentFlag(process.env, 'HQ_TEST_TMUX'))('inside tmux', () => {
  let program: Bundled;

  beforeAll(async () => {
    program = await bundled('tui/testing/sample-program.ts');
    await tmux('new-session', '-d', '-s', 'hq', '-x', '100', '-y', '30', 'sh');
  });
  afterAll(async () => {
    await tmux('kill-server');
    await program.remove();
  });

  it('fills the pane, takes keys, follows a resize, and gives the shell back as it was', async () => {
    await tmux('send-keys', '-t', 'hq', 'echo before', 'Enter');
    await shows(/^before$/m);
    await tmux('send-keys', '-t', 'hq', `'${process.execPath}' '${program.file}'`, 'Enter');
    await shows('[1 Fleet]');
    await shows('LIVE');

    await tmux('send-keys', '-t', 'hq', '2');
    await shows('[2 Agents]');
    await tmux('send-keys', '-t', 'hq', 'Down', 'Enter');
    await shows('── Agents ›');
    await tmux('send-keys', '-t', 'hq', 'Escape');
    await shows('[2 Agents]');

    await tmux('resize-window', '-t', 'hq', '-x', '80', '-y', '24');
    await eventually(async () => {
      const lines = (await screen()).trimEnd().split('\n');
      expect(lines).toHaveLength(24);
      expect(lines[0]).toContain('HQ');
      expect(lines.at(-1)).toContain('q quit');
    });

    await tmux('send-keys', '-t', 'hq', 'q');
    await shows(/^before$/m);
    expect(await screen()).not.toContain('[2 Agents]');
    // Keys that are typed before the shell is back would be echoed twice.
    await eventually(async () => expect(await pane('#{pane_current_command}')).toBe('sh'));
    await tmux('send-keys', '-t', 'hq', 'echo after', 'Enter');
    await shows(/^(# )?after$/m);
    expect(await pane('#{cursor_flag} #{alternate_on}')).toBe('1 0');
  });
});
