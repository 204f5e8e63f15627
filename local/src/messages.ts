import { appendFileSync } from 'node:fs';

/** Messages of `npm start`: on stderr, or in the log while the terminal shows the UI. */
export interface Messages {
  report(line: string): void;
  redirectToLog(): void;
  resume(): void;
}

export function openMessages(logFile: string): Messages {
  let isRedirected = false;
  return {
    report(line) {
      if (isRedirected) appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
      else process.stderr.write(`${line}\n`);
    },
    redirectToLog() {
      isRedirected = true;
    },
    resume() {
      isRedirected = false;
    },
  };
}
