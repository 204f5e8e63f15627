import { setFlagsFromString } from 'node:v8';
import { whyNotHere } from '../terminal/capability.ts';
import type { Console } from './console.ts';
import { findHq } from './find-hq.ts';

/** Opens the screens, or tells the fleet as text where there is no terminal to draw them on. */
export async function openScreens(console: Console, isReadonly: boolean): Promise<void> {
  const { env } = console;
  const obstacle = whyNotHere(env, process.stdin, process.stdout);
  if (obstacle !== null) {
    console.say(`${obstacle} Here is the fleet as text.`);
    const { showStatus } = await import('./lists.ts');
    await showStatus(console, { json: false, wide: false });
    return;
  }
  keepHeapSmall();
  const entrance = await findHq(env);
  // Ink is half of the start-up time: a one-shot command never loads it.
  const [{ openTerminal }, { doorOf }] = await Promise.all([
    import('../ui/open.tsx'),
    import('../ui/door.ts'),
  ]);
  await openTerminal({
    door: doorOf(entrance),
    isReadonly,
    env,
    input: process.stdin,
    output: process.stdout,
  });
}

/**
 * Screens live for days and redraw ten times a second: left alone, the collector lets their heap grow to twice what they
 * need before it looks. With 5,000 agents in a storm of changes this is 132 MB instead of 200 to 270, for the same work.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
}
