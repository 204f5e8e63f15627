import type { CommandRequest } from '../../contract/command.ts';
import type { Sender } from '../../contract/inbound.ts';

/** A question that was put to somebody: their next words at that place are the value of the field. */
interface PendingPrompt extends CommandRequest {
  readonly field: string;
}

/** Open questions, one for a person and a place. They live in memory: after a restart one asks again. */
export interface PendingPrompts {
  put(sender: Sender, question: PendingPrompt): void;
  /** Takes the question away: it is answered once. */
  take(sender: Sender): PendingPrompt | null;
  has(sender: Sender): boolean;
}

const openForMs = 300_000;
const mostOpen = 10_000;

export function createPendingPrompts(now: () => number = Date.now): PendingPrompts {
  const open = new Map<string, { question: PendingPrompt; until: number }>();
  const keyOf = ({ platform, install, channel, thread, user }: Sender): string =>
    JSON.stringify([platform, install, channel, thread, user]);
  function find(sender: Sender): PendingPrompt | null {
    const found = open.get(keyOf(sender));
    return found !== undefined && found.until > now() ? found.question : null;
  }
  return {
    put(sender, question) {
      const key = keyOf(sender);
      open.delete(key);
      open.set(key, { question, until: now() + openForMs });
      const [oldest] = open.keys();
      if (open.size > mostOpen && oldest !== undefined) open.delete(oldest);
    },
    take(sender) {
      const question = find(sender);
      open.delete(keyOf(sender));
      return question;
    },
    has: (sender) => find(sender) !== null,
  };
}
