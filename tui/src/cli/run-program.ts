import { environmentFlag, useProxy } from '@hq/shared/program';
import type { ExitCode } from './output/exit-codes.ts';
import { allWritten } from './output/standard-streams.ts';
import { runCall } from './run-call.ts';

/** Runs the call that this process is, and returns its exit code. */
export async function runProgram(version: string): Promise<ExitCode> {
  const code = await runCall(process, process.argv.slice(2), version, (env) => {
    if (!environmentFlag(env, 'HQ_DEBUG')) silenceLibraries();
    useProxy(env);
  });
  await allWritten(process);
  return code;
}

/** Libraries write remarks with stacks, into the middle of a screen if need be. HQ_DEBUG=1 allows it. */
function silenceLibraries(): void {
  for (const method of ['debug', 'error', 'info', 'log', 'warn'] as const) {
    globalThis.console[method] = () => undefined;
  }
}
