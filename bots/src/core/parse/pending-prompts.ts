import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { Handle } from '../../contract/card.ts';
import type { CommandRequest } from '../../contract/command.ts';
import type { Sender } from '../../contract/inbound.ts';

/** A question to one person about the value of a field. */
export interface PendingPrompt extends CommandRequest {
  readonly field: string;
  /** Their next words in that chat are the value. Otherwise only a button or a form gives it. */
  readonly takesWords: boolean;
  readonly title: string;
  /** The command of its Cancel button. */
  readonly leave: CommandRequest;
  /** The message with the question; null if it was not sent. */
  readonly message: Promise<Handle | null>;
}

/** Milliseconds until a prompt is closed. */
export const promptOpenMs = 300_000;
const maxOpen = 10_000;

export type PendingPrompts = ReturnType<typeof createPendingPrompts>;

/**
 * Open prompts, one for each person and chat. They are in memory only: a restart closes them. `onTaken` gets the message of a
 * prompt that words have answered.
 */
export function createPendingPrompts(onTaken: (message: Handle) => void) {
  const open = new LRUCache<string, PendingPrompt>({ max: maxOpen, ttl: promptOpenMs });
  const keyOf = ({ platform, install, channel, thread, user }: Sender): string =>
    JSON.stringify([platform, install, channel, thread, user]);
  return {
    /** Opens a prompt and sends its question. */
    ask(
      sender: Sender,
      prompt: Omit<PendingPrompt, 'message'>,
      send: () => Promise<Handle | null>,
    ): Promise<Handle | null> {
      const message = send();
      open.set(keyOf(sender), { ...prompt, message: message.catch(() => null) });
      return message;
    },
    find: (sender: Sender): PendingPrompt | null => open.get(keyOf(sender)) ?? null,
    /** Removes and returns the prompt, so that it is answered once. */
    take(sender: Sender): PendingPrompt | null {
      const key = keyOf(sender);
      const prompt = open.get(key) ?? null;
      open.delete(key);
      void prompt?.message.then((message) => message !== null && onTaken(message));
      return prompt;
    },
    /** Closes the prompt of this message; false if it is not open. */
    async close(sender: Sender, message: Handle): Promise<boolean> {
      const key = keyOf(sender);
      const prompt = open.get(key);
      if (prompt === undefined || !isDeepStrictEqual({ ...(await prompt.message) }, { ...message }))
        return false;
      return open.get(key) === prompt && open.delete(key);
    },
  };
}
