import { type ExitCode, exitCodes } from './output/exit-codes.ts';
import { runCall } from './run-call.ts';

/** Runs the call that this process is, and returns its exit code. */
export async function runProgram(version: string): Promise<ExitCode> {
  if (!process.env.HQ_DEBUG) silenceLibraries();
  // A reader that closes the pipe early, as `head` does, is no failure.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
    });
  }
  return runCall(process, process.argv.slice(2), version);
}

/** Libraries write remarks with stacks, into the middle of a screen if need be. HQ_DEBUG=1 allows it. */
function silenceLibraries(): void {
  for (const method of ['debug', 'error', 'info', 'log', 'warn'] as const) {
    globalThis.console[method] = () => undefined;
  }
}
