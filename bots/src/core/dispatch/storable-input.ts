import type { Input } from '../../contract/inbound.ts';

type Values = Readonly<Record<string, string>>;

/** Removes NUL and mends halves of surrogate pairs: Postgres stores neither. */
export const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();

const storableValues = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, storable(value)]));

export function storableInput(input: Input): Input {
  if (input.kind === 'words') return { ...input, text: storable(input.text) };
  if (input.kind === 'options') return { ...input, options: storableValues(input.options) };
  if (input.kind === 'button') return { ...input, token: storable(input.token) };
  return { ...input, token: storable(input.token), values: storableValues(input.values) };
}
