import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readCommands } from '@hq/shared/queries';

const whole = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const start = /^[0-9a-f]{4}[0-9a-f-]{0,31}$/;

/** Returns the id of a command, given the whole id or the start of exactly one of the newest commands. */
export async function findCommandId(client: HqClient, text: string): Promise<string> {
  const wanted = text.toLowerCase();
  if (whole.test(wanted)) return wanted;
  if (!start.test(wanted)) {
    throw new HqError('usage', `“${text}” is not the id of a command.`, {
      hint: 'Give the id or its first 4 characters or more, as `hq-tui commands` shows it.',
    });
  }
  const [found, other] = (await readCommands(client)).filter((command) => command.id.startsWith(wanted));
  if (found === undefined) {
    throw new HqError('not_found', `None of the newest commands begins with ${wanted}.`, {
      hint: '`hq-tui commands --wide` shows whole ids.',
    });
  }
  if (other !== undefined) {
    throw new HqError('usage', `Several commands begin with ${wanted}.`, { hint: 'Give more of the id.' });
  }
  return found.id;
}
