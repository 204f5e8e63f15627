/**
 * Resolves at a signal, or at the end of whoever started this program where `parent` says how that is told; a second signal
 * ends the process at once. `onAsked` hears why.
 */
export function untilShutdownSignal(
  parent: 'ipc' | 'stdin' | undefined,
  onAsked: (why: string) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (why: string): void => {
      if (!asked) onAsked(why);
      asked = true;
      resolve();
    };
    for (const [name, number] of [
      ['SIGTERM', 15],
      ['SIGINT', 2],
      ['SIGHUP', 1],
    ] as const) {
      process.on(name, () => {
        if (asked) process.exit(128 + number);
        ask(name);
      });
    }
    if (parent === 'ipc') {
      process.on('disconnect', () => ask('the parent is gone'));
      // It may have gone before anyone listened.
      if (!process.connected) ask('the parent is gone');
    }
    if (parent === 'stdin') process.stdin.on('close', () => ask('the parent is gone')).resume();
  });
}
