import type { HqClient } from '@hq/shared/client';
import { readCommandsBetween } from '@hq/shared/queries';
import { findByIdStart } from './id-start.ts';

const whole = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Returns the id of a command, given the whole id or its start. */
export async function findCommandId(client: HqClient, text: string): Promise<string> {
  if (whole.test(text)) return text.toLowerCase();
  const found = await findByIdStart(
    text,
    'command',
    'hq-tui commands',
    (range) => readCommandsBetween(client, range),
    ({ action }) => action,
  );
  return found.id;
}
