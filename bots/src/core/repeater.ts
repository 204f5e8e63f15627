export type Repeater = ReturnType<typeof createRepeater>;

/**
 * Runs work one at a time. The work returns the milliseconds until its next run, or null, and does not reject. A request
 * during a run counts from its end; of several requests the earliest counts.
 */
export function createRepeater(work: () => Promise<number | null>) {
  let timer: NodeJS.Timeout | undefined;
  /** Time of `performance.now()`; the pause after a run while it lasts. */
  let due = Number.POSITIVE_INFINITY;
  let isRunning = false;
  let isStopped = false;

  function request(inMs: number): void {
    if (isStopped) return;
    const at = isRunning ? inMs : performance.now() + inMs;
    if (at >= due) return;
    due = at;
    clearTimeout(timer);
    if (!isRunning) timer = setTimeout(() => void run(), inMs);
  }

  async function run(): Promise<void> {
    isRunning = true;
    due = Number.POSITIVE_INFINITY;
    const pauseMs = await work();
    if (pauseMs !== null) request(pauseMs);
    const wantedMs = due;
    isRunning = false;
    due = Number.POSITIVE_INFINITY;
    if (wantedMs < due) request(wantedMs);
  }

  return {
    request,
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
