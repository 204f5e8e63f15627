import { appendFileSync } from 'node:fs';

/** Where the starter speaks: on stderr, and in the log while the terminal belongs to the UI. */
export interface Messages {
  report(line: string): void;
  /** From here on nothing is written to the terminal. */
  redirectToLog(): void;
  resume(): void;
}

export function openMessages(logFile: string): Messages {
  let hushed = false;
  return {
    report(line) {
      if (hushed) appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
      else process.stderr.write(`${line}\n`);
    },
    redirectToLog() {
      hushed = true;
    },
    resume() {
      hushed = false;
    },
  };
}
