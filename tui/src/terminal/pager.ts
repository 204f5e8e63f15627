import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HqError } from '@hq/shared/errors';

/** Shows a text in the operator's pager and waits until it is closed. The terminal must have been lent to it. */
export async function showInPager(text: string, env: NodeJS.ProcessEnv): Promise<void> {
  const pager = env.PAGER || 'less';
  // PAGER is a command line, as it is for git and man.
  const child = spawn('/bin/sh', ['-c', pager], { stdio: ['pipe', 'inherit', 'inherit'], env });
  child.stdin.on('error', () => {
    // Closed before it had read everything: nothing is amiss.
  });
  child.stdin.end(text);
  const [code] = await once(child, 'close');
  if (code === 126 || code === 127) {
    throw new HqError('failed', `The pager “${pager}” could not be started.`, {
      hint: 'Set PAGER to one that is installed.',
    });
  }
}
