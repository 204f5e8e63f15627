import { appendingTo } from './log-file.ts';

/** Messages of `npm start`: on stderr, or in the log while the terminal shows the UI. A message never throws. */
export type Messages = ReturnType<typeof openMessages>;

export function openMessages(logFile: string) {
  const appendToLog = appendingTo(logFile);
  let isRedirected = false;
  return {
    report(line: string): void {
      if (isRedirected) appendToLog(line);
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
