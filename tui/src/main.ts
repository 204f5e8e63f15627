import packageFile from '../package.json' with { type: 'json' };
import { endWhenUnwritable } from './cli/output/standard-streams.ts';

const { version } = packageFile;
const [first, ...rest] = process.argv.slice(2);
endWhenUnwritable(process);

// Told before anything else is loaded: scripts ask for it often.
if (rest.length === 0 && (first === '--version' || first === '-V')) {
  process.stdout.write(`${version}\n`);
} else {
  // The process that starts a local HQ ends its client with it, however it ends.
  if (process.env.HQ_PARENT === 'ipc') {
    const stop = () => process.kill(process.pid, 'SIGTERM');
    process.on('disconnect', stop);
    if (process.connected === false) stop();
  }
  const { runProgram } = await import('./cli/run-program.ts');
  // Links that linger (a closing socket, a refresh of the token) must not hold the shell.
  process.exit(await runProgram(version));
}
