import { HqError } from '../errors.ts';
import { secretNameFault, secretValueFault } from './rules.ts';

/** Formats a line of an `.env` file that every reader parses to exactly this value. Throws `usage` if none can. */
export function envLine(key: string, value: string): string {
  const fault = secretNameFault(key) ?? secretValueFault(value);
  if (fault !== null) throw new HqError('usage', fault);
  return `${key}='${value.replaceAll("'", "'\\''")}'`;
}
