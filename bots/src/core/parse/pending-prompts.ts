import type { Request } from '../../contract/command.ts';
import type { Speaker } from '../../contract/inbound.ts';

/** A question that was put to somebody: their next words at that place are the value of the field. */
interface Question extends Request {
  readonly field: string;
}

/** Open questions, one for a person and a place. They live in memory: after a restart one asks again. */
export interface Questions {
  put(speaker: Speaker, question: Question): void;
  /** Takes the question away: it is answered once. */
  take(speaker: Speaker): Question | null;
  has(speaker: Speaker): boolean;
}

const openForMs = 300_000;
const mostOpen = 10_000;

export function createQuestions(now: () => number = Date.now): Questions {
  const open = new Map<string, { question: Question; until: number }>();
  const keyOf = ({ platform, install, channel, thread, user }: Speaker): string =>
    JSON.stringify([platform, install, channel, thread, user]);
  function find(speaker: Speaker): Question | null {
    const found = open.get(keyOf(speaker));
    return found !== undefined && found.until > now() ? found.question : null;
  }
  return {
    put(speaker, question) {
      const key = keyOf(speaker);
      open.delete(key);
      open.set(key, { question, until: now() + openForMs });
      const [oldest] = open.keys();
      if (open.size > mostOpen && oldest !== undefined) open.delete(oldest);
    },
    take(speaker) {
      const question = find(speaker);
      open.delete(keyOf(speaker));
      return question;
    },
    has: (speaker) => find(speaker) !== null,
  };
}
