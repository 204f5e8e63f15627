/** What a text says to the bot, if it is for the bot at all. */
export interface Addressed {
  readonly text: string;
  /** Plain words: in a direct chat, or as a reply to a message of the bot. */
  readonly answer: boolean;
}

export interface MessageContext {
  readonly text: string;
  readonly botName: string | null;
  readonly isDirect: boolean;
  readonly isReplyToBot: boolean;
  /** `hq_tasks_create` of the command menu → `tasks create`. */
  readonly menu: ReadonlyMap<string, string>;
}

const command = /^\/([a-z0-9_]{1,64})(?:@([a-z0-9_]{1,64}))?(?:\s+([\s\S]*))?$/iu;

/** Null: not for this bot. */
export function readAddressed(situation: MessageContext): Addressed | null {
  const text = situation.text.trim();
  const botName = situation.botName?.toLowerCase() ?? null;
  const [, name, named, rest] = command.exec(text) ?? [];
  if (name !== undefined) {
    if (named !== undefined && named.toLowerCase() !== botName) return null;
    return readCommand(name.toLowerCase(), rest?.trim() ?? '', situation);
  }
  if (botName !== null && text.toLowerCase().startsWith(`@${botName}`)) {
    const behind = text.slice(botName.length + 1);
    if (!/^[a-z0-9_]/iu.test(behind)) return { text: behind.trim(), answer: false };
  }
  if (text === '') return null;
  return situation.isDirect || situation.isReplyToBot ? { text, answer: true } : null;
}

function readCommand(name: string, rest: string, { isDirect, menu }: MessageContext): Addressed | null {
  if (name === 'hq') return { text: rest, answer: false };
  if (name.startsWith('hq_')) return said(menu.get(name) ?? name.slice(3), rest);
  // Other commands in a group are those of other bots.
  if (!isDirect) return null;
  if (name === 'start') return rest === '' ? said('help', '') : said('link', rest);
  return said(name, rest);
}

function said(first: string, rest: string): Addressed {
  return { text: rest === '' ? first : `${first} ${rest}`, answer: false };
}
