const signals = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;

/**
 * Resolves at a signal, or when the channel to the parent process closes. Calls `onShutdown` once with the reason. A
 * second signal ends the process at once.
 */
export function untilShutdownSignal(
  parent: 'ipc' | 'stdin' | undefined,
  onShutdown: (reason: string) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let isShuttingDown = false;
    const shutDown = (reason: string): void => {
      if (!isShuttingDown) onShutdown(reason);
      isShuttingDown = true;
      resolve();
    };
    for (const [name, number] of Object.entries(signals)) {
      process.on(name, () => {
        if (isShuttingDown) process.exit(128 + number);
        shutDown(name);
      });
    }
    if (parent === 'ipc') {
      process.on('disconnect', () => shutDown('the parent process ended'));
      // The parent may have ended before this listener was added.
      if (!process.connected) shutDown('the parent process ended');
    }
    if (parent === 'stdin') process.stdin.on('close', () => shutDown('the parent process ended')).resume();
  });
}
