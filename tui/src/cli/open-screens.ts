import { whyNotHere } from '../terminal/capability.ts';
import { keepHeapSmall } from '../terminal/heap.ts';
import { findHq } from './connection/find-hq.ts';
import type { Console } from './output/console.ts';

/** Opens the screens. Without a terminal for them it prints the status instead. */
export async function openScreens(console: Console, isReadonly: boolean): Promise<void> {
  const { env } = console;
  const obstacle = whyNotHere(env, console.stdin, console.stdout);
  if (obstacle !== null) {
    console.say(`${obstacle} Here is the fleet as text.`);
    const { printStatus } = await import('./commands/status.ts');
    await printStatus(console, { json: false, wide: false });
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
        // After the first frame, which would take a fifth longer.
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
