/** Milliseconds after which a call is over, if nothing else was heard of it. */
const longestCallMs = 10 * 60_000;

/** Runs of each agent that make a model call now, or are about to make one. */
export class CallsInFlight {
  /** Time since which a run has its call, by agent and by run. */
  readonly #since = new Map<string, Map<string, number>>();
  readonly #waiting = new Set<() => void>();

  begin(agentId: string, run: string): void {
    const runs = this.#since.get(agentId) ?? new Map<string, number>();
    this.#since.set(agentId, runs.set(run, performance.now()));
  }

  end(agentId: string, run: string): void {
    const runs = this.#since.get(agentId);
    if (runs?.delete(run) !== true) return;
    if (runs.size === 0) this.#since.delete(agentId);
    for (const wake of this.#waiting) wake();
  }

  /** Returns the runs of the agent with a call, as they are now. */
  of(agentId: string): ReadonlySet<string> {
    const runs = [...(this.#since.get(agentId) ?? [])];
    return new Set(runs.flatMap(([run, since]) => (performance.now() - since < longestCallMs ? [run] : [])));
  }

  /** Resolves when a call ends, or after `limitMs`. */
  async changed(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.#waiting.add(resolve);
    await promise;
    this.#waiting.delete(resolve);
    clearTimeout(timer);
  }
}

declare global {
  var hqCallsInFlight: CallsInFlight | undefined;
}

globalThis.hqCallsInFlight ??= new CallsInFlight();

/** Calls of the process: OpenClaw runs several instances of the plugin beside each other, and may load its files again. */
export const callsInFlight: CallsInFlight = globalThis.hqCallsInFlight;
