import { openTerminal } from '../src/app/open-terminal.tsx';
import type { ConnectionStatus } from '../src/session/session.ts';
import { keepHeapSmall } from '../src/terminal/heap.ts';
import { sampleConnector } from './sample-session.ts';

keepHeapSmall();

const statuses: readonly ConnectionStatus[] = ['loading', 'live', 'polling', 'offline'];

const connector = sampleConnector(
  statuses.find((each) => each === process.env.SAMPLE_LINK) ?? 'live',
  process.argv.includes('empty'),
);

await openTerminal({
  connector: process.argv.includes('signed-out') ? { ...connector, connect: async () => null } : connector,
  isReadonly: process.argv.includes('readonly'),
  env: process.env,
  input: process.stdin,
  output: process.stdout,
});
