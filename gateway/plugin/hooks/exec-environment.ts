import { join } from 'node:path';
import { secretNameFault, secretValueFault } from '@hq/shared/secrets';
import { type AgentRecords, readSmallFile } from '../agent-records.ts';

const largestFile = 8 * 1024 * 1024;

/** One line of an `.env` file as HQ writes it: `KEY='value'`, a quote in the value as `'\''`; a value may span lines. */
const setting = /([A-Z][A-Z0-9_]*)='([^']*(?:'\\''[^']*)*)'\n/y;

/**
 * Parses a whole `.env` file of HQ. Returns null for any other content: a file that something else has written or cut off
 * gives no variables at all. Reserved names are settings of the gateway itself, which no agent gets.
 */
export function parseSecrets(text: string): Record<string, string> | null {
  const values: Record<string, string> = {};
  for (setting.lastIndex = 0; setting.lastIndex < text.length; ) {
    const match = setting.exec(text);
    if (match === null) return null;
    const [, key = '', quoted = ''] = match;
    const value = quoted.replaceAll("'\\''", "'");
    if (secretValueFault(value) !== null) return null;
    if (secretNameFault(key) === null) values[key] = value;
  }
  return values;
}

/**
 * Returns the variables of an agent's commands: the gateway's secrets, overlaid by the agent's own. An agent that HQ does not
 * manage gets none. `onFault` gets a sentence without a value.
 */
export function execEnvironment(
  stateDir: string,
  records: AgentRecords,
  agentId: string | undefined,
  onFault: (sentence: string) => void,
): Record<string, string> {
  const record = records.find(agentId);
  if (record === null) return {};
  const read = (...path: readonly string[]): Record<string, string> => {
    const name = path.join('/');
    try {
      const text = readSmallFile(join(stateDir, 'secrets', ...path), largestFile);
      const values = text === null ? {} : parseSecrets(text);
      if (values !== null) return values;
      onFault(`${name} of the secrets is damaged: no command gets its variables.`);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      onFault(`${name} of the secrets cannot be read (${code}): no command gets its variables.`);
    }
    return {};
  };
  return { ...read('gateway.env'), ...read('agents', `${record.slug}.env`) };
}
