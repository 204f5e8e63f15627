/** Text that is addressed to the bot. */
export interface AddressedText {
  readonly text: string;
  /** Plain text in a direct chat, or in reply to a message of the bot. */
  readonly isAnswer: boolean;
}

export interface MessageContext {
  readonly text: string;
  readonly botName: string | null;
  readonly isDirect: boolean;
  readonly isReplyToBot: boolean;
  /** `hq_tasks_create` of the command menu → `tasks create`. */
  readonly menu: ReadonlyMap<string, string>;
}

const commandPattern = /^\/([a-z0-9_]{1,64})(?:@([a-z0-9_]{1,64}))?(?:\s+([\s\S]*))?$/iu;

/** Null if the text is not for this bot. */
export function readAddressedText(message: MessageContext): AddressedText | null {
  const text = message.text.trim();
  const botName = message.botName?.toLowerCase() ?? null;
  const [, name, addressee, rest] = commandPattern.exec(text) ?? [];
  if (name !== undefined) {
    if (addressee !== undefined && addressee.toLowerCase() !== botName) return null;
    return readCommand(name.toLowerCase(), rest?.trim() ?? '', message, addressee !== undefined);
  }
  if (botName !== null && text.toLowerCase().startsWith(`@${botName}`)) {
    const afterName = text.slice(botName.length + 1);
    if (!/^[a-z0-9_]/iu.test(afterName)) return { text: afterName.trim(), isAnswer: false };
  }
  if (text === '') return null;
  return message.isDirect || message.isReplyToBot ? { text, isAnswer: true } : null;
}

function readCommand(
  name: string,
  rest: string,
  { isDirect, menu }: MessageContext,
  isNamed: boolean,
): AddressedText | null {
  if (name === 'hq') return { text: rest, isAnswer: false };
  if (name.startsWith('hq_')) return command(menu.get(name) ?? name.slice(3), rest);
  // `?startgroup=CODE` posts the code in a group, where it becomes void.
  if (name === 'start' && rest !== '' && (isDirect || isNamed)) return command('link', rest);
  // In a group, other commands are for other bots.
  if (!isDirect) return null;
  if (name === 'start') return command('help', '');
  return command(name, rest);
}

function command(name: string, rest: string): AddressedText {
  return { text: rest === '' ? name : `${name} ${rest}`, isAnswer: false };
}
