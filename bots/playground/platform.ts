/** Somebody on a platform that runs here: what they say, press and fill in, and what they see. */
export interface SimulatedPlatform {
  /** Environment variables of `hq-bots`. */
  readonly env: Readonly<Record<string, string>>;
  /** Explains the input syntax of this platform. */
  readonly hint: string;
  /** Says `/hq …` in the direct messages with HQ, or in the channel where others read along. */
  say(words: string, room: Room): Promise<void>;
  /** Presses the newest button that is called so. */
  press(label: string): Promise<void>;
  /** The form that stands open. */
  form(): Form | null;
  /** Everything that HQ has written, the oldest first. */
  seen(): readonly Seen[];
  close(): Promise<void>;
}

export type Room = 'direct' | 'channel';

interface Seen {
  readonly id: string;
  readonly room: Room;
  /** Buttons are in brackets. */
  readonly text: string;
}

export interface Form {
  readonly title: string;
  readonly fields: readonly Field[];
  /** Empty values leave a field unchanged. */
  submit(values: Readonly<Record<string, string>>): Promise<void>;
  /** Closes it without a word to HQ, as the platform does. */
  close(): void;
}

interface Field {
  readonly label: string;
  readonly choices: readonly string[];
}

/** The newest message with a button of that name; capitals do not matter. */
export function newestWith<Message>(
  messages: readonly Message[],
  label: string,
  textOf: (message: Message) => string,
): { readonly message: Message; readonly label: string } {
  for (const message of messages.toReversed()) {
    for (const [, found] of textOf(message).matchAll(/\[([^\]\n]+)\]/gu)) {
      if (found?.toLowerCase() === label.toLowerCase()) return { message, label: found };
    }
  }
  throw new Error(`No message has a button "${label}".`);
}
