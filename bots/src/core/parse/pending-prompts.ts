import { LRUCache } from 'lru-cache';
import type { CommandRequest } from '../../contract/command.ts';
import type { Sender } from '../../contract/inbound.ts';

/** A question to one person: their next words in that chat are the value of the field. */
export interface PendingPrompt extends CommandRequest {
  readonly field: string;
}

const openForMs = 300_000;
const maxOpen = 10_000;

export type PendingPrompts = ReturnType<typeof createPendingPrompts>;

/** Open prompts, one for each person and chat. They are in memory only: a restart closes them. */
export function createPendingPrompts() {
  const open = new LRUCache<string, PendingPrompt>({ max: maxOpen, ttl: openForMs });
  const keyOf = ({ platform, install, channel, thread, user }: Sender): string =>
    JSON.stringify([platform, install, channel, thread, user]);
  return {
    put(sender: Sender, prompt: PendingPrompt): void {
      open.set(keyOf(sender), prompt);
    },
    /** Removes and returns the prompt, so that it is answered once. */
    take(sender: Sender): PendingPrompt | null {
      const key = keyOf(sender);
      const prompt = open.get(key) ?? null;
      open.delete(key);
      return prompt;
    },
    has: (sender: Sender): boolean => open.has(keyOf(sender)),
  };
}
