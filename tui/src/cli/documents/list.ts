import type { HqClient } from '@hq/shared/client';

/** Returns the document of a list: its content, and the database's time of the answer. */
export function listDocument<Content extends object>(
  client: HqClient,
  content: Content,
): { asOf: string } & Content {
  return { asOf: new Date(client.clock.now()).toISOString(), ...content };
}
