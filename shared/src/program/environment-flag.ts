import { HqError } from '../errors.ts';

const words: Readonly<Record<string, boolean>> = {
  '': false,
  '0': false,
  false: false,
  no: false,
  off: false,
  '1': true,
  true: true,
  yes: true,
  on: true,
};

/** Reads a variable that is on or off; off where it is not set. Throws `usage` with its name for any other word. */
export function environmentFlag(env: NodeJS.ProcessEnv, name: string): boolean {
  const word = (env[name] ?? '').trim().toLowerCase();
  const isOn = Object.hasOwn(words, word) ? words[word] : undefined;
  if (isOn !== undefined) return isOn;
  throw new HqError('usage', `${name} must be on or off.`, {
    field: name,
    hint: 'Set it to 1, true, yes or on, or to 0, false, no, off or nothing.',
  });
}
