import { reservedNames, reservedPrefixes } from './reserved-names.ts';

export const secretNamePattern = /^[A-Z][A-Z0-9_]*$/;
export const longestSecretName = 128;
/** In bytes of UTF-8. */
export const largestSecretValue = 64 * 1024;

const reserved = new Set(reservedNames);

/** Returns the reason why a secret cannot have this name, as one sentence, or null. */
export function secretNameFault(name: string): string | null {
  if (name === '') return 'A secret needs a name.';
  if (name.length > longestSecretName)
    return `The name of a secret has at most ${longestSecretName} characters.`;
  if (!secretNamePattern.test(name)) {
    return 'The name of a secret is in capitals: letters, digits and underscores, beginning with a letter.';
  }
  if (reserved.has(name) || reservedPrefixes.some((prefix) => name.startsWith(prefix))) {
    return `${name} is reserved: a secret of this name could change how the programs that read it run.`;
  }
  return null;
}

/** Returns the reason why a secret cannot have this value, as one sentence without the value, or null. */
export function secretValueFault(value: string): string | null {
  if (!value.isWellFormed()) return 'The value is not Unicode text.';
  if (value.includes('\0')) return 'The value has a NUL, which no environment variable can hold.';
  if (Buffer.byteLength(value, 'utf8') > largestSecretValue) {
    return `The value is larger than ${largestSecretValue / 1024} KiB.`;
  }
  return null;
}
