import { whyNotHere } from '../terminal/capability.ts';
import { keepHeapSmall } from '../terminal/heap.ts';
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
  const entrance = await findHq(env);
  // Ink is half of the start-up time: a one-shot command never loads it.
  const [{ openTerminal }, { doorOf }] = await Promise.all([
    import('../ui/open.tsx'),
    import('../ui/door.ts'),
  ]);
  await openTerminal({
    door: doorOf({
      ...entrance,
      env,
      connect() {
        // Not before the first frame, which would be a fifth later.
        keepHeapSmall();
        return entrance.connect();
      },
    }),
    isReadonly,
    env,
    input: process.stdin,
    output: process.stdout,
  });
}
