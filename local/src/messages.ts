import { appendFileSync } from 'node:fs';

/** Where the starter speaks: on stderr, and in the log while the terminal belongs to the UI. */
export interface Messages {
  tell(line: string): void;
  /** From here on nothing is written to the terminal. */
  hush(): void;
  speak(): void;
}

export function openMessages(logFile: string): Messages {
  let hushed = false;
  return {
    tell(line) {
      if (hushed) appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
      else process.stderr.write(`${line}\n`);
    },
    hush() {
      hushed = true;
    },
    speak() {
      hushed = false;
    },
  };
}
