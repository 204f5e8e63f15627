import { HqError } from '../errors.ts';
import { secretNameFault, secretValueFault } from './rules.ts';

/** One line of an `.env` file that a shell and its readers take for exactly this value. Throws `usage` for what cannot be one. */
export function envLine(key: string, value: string): string {
  const fault = secretNameFault(key) ?? secretValueFault(value);
  if (fault !== null) throw new HqError('usage', fault);
  return `${key}='${value.replaceAll("'", "'\\''")}'`;
}
