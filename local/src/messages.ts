import { appendFileSync } from 'node:fs';

/** Messages of `npm start`: on stderr, or in the log while the terminal shows the UI. */
export type Messages = ReturnType<typeof openMessages>;

export function openMessages(logFile: string) {
  let isRedirected = false;
  return {
    report(line: string): void {
      if (isRedirected) appendFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
      else process.stderr.write(`${line}\n`);
    },
    redirectToLog(): void {
      isRedirected = true;
    },
    resume(): void {
      isRedirected = false;
    },
  };
}
