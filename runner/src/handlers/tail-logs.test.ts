import { createRedactor } from '@hq/shared/text';
import { expect, it } from 'vitest';
import { CommandOutput } from '../output.ts';
import { noAgents, noDispatcher, noServices } from '../testing/no-services.ts';
import { tailLogs } from './tail-logs.ts';

async function shown(log: readonly string[]): Promise<string> {
  const output = new CommandOutput(createRedactor([]), () => undefined);
  async function* logs() {
    yield* log;
  }
  await tailLogs(
    { service: 'gateway', lines: 100 },
    {
      commandId: 'command',
      attempt: 1,
      agentId: null,
      agentSlug: null,
      agents: noAgents,
      dispatcher: noDispatcher,
      runnerId: 'runner',
      stack: { ...noServices, logs },
      output,
      signal: AbortSignal.timeout(10_000),
      progress: () => undefined,
      setPaused: () => Promise.resolve(),
      openSecret: () => Promise.reject(new Error('no secrets')),
    },
  );
  output.end();
  return output.summary('stdout');
}

it('shows nothing of a private key that began before the first line', async () => {
  expect(await shown(['TUlJRW93', 'QUJD', '-----END PRIVATE KEY-----', 'ready'])).toBe(
    '[redacted]\n[redacted]\n[redacted]\nready\n',
  );
});

it('shows all lines of a log, however long', async () => {
  const log = Array.from({ length: 700 }, (_, at) => `line ${at}`);
  expect(await shown(log)).toBe(`${log.join('\n')}\n`);
});
