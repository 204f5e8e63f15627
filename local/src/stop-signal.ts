/** The exit code of a stop that a signal asked for. SIGTERM is how a service is stopped: that is no failure. */
const exitCodes = { SIGTERM: 0, SIGINT: 130, SIGHUP: 129 } as const;

/** Settles with the exit code at the first signal; at the second `giveUp` is called. */
export function untilStopSignal(giveUp: (code: number) => void): Promise<number> {
  return new Promise((resolve) => {
    let asked = false;
    for (const [name, code] of Object.entries(exitCodes)) {
      process.on(name, () => {
        if (asked) giveUp(code || 143);
        asked = true;
        resolve(code);
      });
    }
  });
}
