import { keepHeapSmall } from '../src/terminal/heap.ts';
import type { LinkStatus } from '../src/ui/house.ts';
import { openTerminal } from '../src/ui/open.tsx';
import { sampleDoor } from './sample-house.ts';

keepHeapSmall();

const statuses: readonly LinkStatus[] = ['loading', 'live', 'polling', 'offline'];

const door = sampleDoor(
  statuses.find((each) => each === process.env.SAMPLE_LINK) ?? 'live',
  process.argv.includes('empty'),
);

await openTerminal({
  door: process.argv.includes('signed-out') ? { ...door, enter: async () => null } : door,
  isReadonly: process.argv.includes('readonly'),
  env: process.env,
  input: process.stdin,
  output: process.stdout,
});
