import { whyNotHere } from '../terminal/capability.ts';
import { keepHeapSmall } from '../terminal/heap.ts';
import { findHq } from './connection/find-hq.ts';
import type { Console } from './output/console.ts';

/** Opens the screens. Without a terminal for them it prints the status instead. */
export async function openScreens(console: Console, isReadonly: boolean): Promise<void> {
  const { env } = console;
  const problem = whyNotHere(env, console.stdin, console.stdout);
  if (problem !== null) {
    console.say(`${problem} Here is the fleet as text.`);
    const { printStatus } = await import('./commands/status.ts');
    await printStatus(console, { json: false, wide: false });
    return;
  }
  const find = async () => {
    const hq = await findHq(env);
    return {
      ...hq,
      connect() {
        // After the first frame, which would take a fifth longer.
        keepHeapSmall();
        return hq.connect();
      },
    };
  };
  const hq = await find();
  // Ink is half of the start-up time: a one-shot command never loads it.
  const [{ openTerminal }, { createConnector }] = await Promise.all([
    import('../app/open-terminal.tsx'),
    import('../session/connector.ts'),
  ]);
  await openTerminal({
    connector: createConnector({ hq, find, env }),
    isReadonly,
    env,
    input: process.stdin,
    output: process.stdout,
  });
}
