/** A chat platform in this process, and one user of it. */
export interface SimulatedPlatform {
  /** Environment variables of `hq-bots`. */
  readonly env: Readonly<Record<string, string>>;
  /** Explains the input syntax of this platform. */
  readonly hint: string;
  /** Sends `/hq …` as a direct message to HQ, or to the channel. */
  say(words: string, destination: Destination): Promise<void>;
  /** Presses the newest button with this label. */
  press(label: string): Promise<void>;
  /** The open form; null if there is none. */
  form(): Form | null;
  /** All messages of HQ, the oldest first. */
  messages(): readonly SimulatedMessage[];
  close(): Promise<void>;
}

export type Destination = 'direct' | 'channel';

interface SimulatedMessage {
  readonly id: string;
  readonly destination: Destination;
  /** Buttons are in brackets. */
  readonly text: string;
}

export interface Form {
  readonly title: string;
  readonly fields: readonly Field[];
  /** Empty values leave a field unchanged. */
  submit(values: Readonly<Record<string, string>>): Promise<void>;
  /** Closes the form. As on the platform, HQ is not notified. */
  close(): void;
}

interface Field {
  readonly label: string;
  readonly choices: readonly string[];
}

/** Finds the newest message with a button of that label, in any case. */
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
