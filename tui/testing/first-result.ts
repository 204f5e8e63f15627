import type { ScreenSession } from './screen-session.ts';

interface FirstResult {
  /** Presses of a key; the letters of the title are not counted, the Enter that sends it is. */
  readonly keys: number;
}

/** Does what the README says from the first screen on: gives the only agent a task and approves its result. */
export async function approveFirstResult(session: ScreenSession, limitMs: number): Promise<FirstResult> {
  let keys = 0;
  const press = (key: string): void => {
    keys += 1;
    session.press(key);
  };
  await session.waitFor(/● LIVE[\s\S]*\n▌. default +\S+ +\S+ +.*\b1\b/, limitMs);
  press('T');
  await session.waitFor('A task for first');
  session.press('Write the minutes');
  press('\r');
  await session.waitFor('first has the task');
  await session.waitFor('8 Needs 1', limitMs);
  press('w');
  await session.waitFor(/review +\S+ +first/);
  press('\r');
  await session.waitFor('1 Approve');
  press('1');
  await session.waitFor('Nothing waits for you.');
  return { keys };
}
