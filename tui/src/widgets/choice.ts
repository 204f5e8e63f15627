import type { KeyPress, Paste } from '../terminal/input.ts';

/** A value that is chosen from a list, and what was typed to find it. */
export interface Choice {
  readonly value: string;
  readonly typed: string;
}

const steps: Readonly<Partial<Record<string, number>>> = { left: -1, right: 1, space: 1 };

/** The choice after a key: arrows step, letters find an option by its beginning. Null for an input that changes nothing. */
export function choose(
  options: readonly string[],
  { value, typed }: Choice,
  input: KeyPress | Paste,
): Choice | null {
  if (input.type === 'paste') return found(options, input.text.trim());
  const step = steps[input.name];
  if (step !== undefined) {
    const at = options.indexOf(value);
    const next = at === -1 ? (step > 0 ? 0 : options.length - 1) : at + step + options.length;
    return { value: options[next % options.length] ?? value, typed: '' };
  }
  if (input.name === 'backspace') return { value, typed: '' };
  if (input.text === null) return null;
  return found(options, typed + input.text) ?? found(options, input.text);
}

function found(options: readonly string[], typed: string): Choice | null {
  const value = options.find((option) => option !== '' && option.startsWith(typed.toLowerCase()));
  return typed === '' || value === undefined ? null : { value, typed };
}
