import { exitCodes } from './exit-codes.ts';

/**
 * Ends the process where its output cannot be written: with a sentence, and with none where a reader closed the pipe early, as
 * `head` does.
 */
export function endWhenUnwritable({ stdout, stderr }: NodeJS.Process): void {
  stdout.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(exitCodes.done);
    const sentence = `hq-tui: Standard output could not be written (${code}).\nMake room, or write it elsewhere.\n`;
    stderr.write(sentence, () => process.exit(exitCodes.failed));
  });
  stderr.on('error', ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === 'EPIPE' ? exitCodes.done : exitCodes.failed);
  });
}

/** Resolves when everything was written: a pipe takes 64 KiB, and its reader may be slow. */
export async function allWritten({ stdout, stderr }: NodeJS.Process): Promise<void> {
  for (const stream of [stdout, stderr]) {
    await new Promise<void>((resolve) => {
      // Not called back where the stream has failed: then the process ends.
      stream.write('', (error) => {
        if (error == null) resolve();
      });
    });
  }
}
