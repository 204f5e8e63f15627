import { whyNotHere } from '../terminal/capability.ts';
import type { Console } from './console.ts';
import { showStatus } from './lists.ts';

/** Opens the screens, or tells the fleet as text where there is no terminal to draw them on. */
export async function openScreens(console: Console, isReadonly: boolean): Promise<void> {
  const obstacle = whyNotHere(console.env, process.stdin, process.stdout);
  if (obstacle !== null) {
    console.say(`${obstacle} Here is the fleet as text.`);
    await showStatus(console, { json: false, wide: false });
    return;
  }
  console.say(String(isReadonly));
}
