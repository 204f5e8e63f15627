/** Exit codes by signal. SIGTERM is the regular way to stop a service, so it is no failure. */
const exitCodes = { SIGTERM: 0, SIGINT: 130, SIGHUP: 129 } as const;

/** Resolves to the exit code at the first signal; the second one calls `giveUp`. */
export function untilStopSignal(giveUp: (code: number) => void): Promise<number> {
  return new Promise((resolve) => {
    let isSignalled = false;
    for (const [name, code] of Object.entries(exitCodes)) {
      process.on(name, () => {
        if (isSignalled) giveUp(code || 143);
        isSignalled = true;
        resolve(code);
      });
    }
  });
}
