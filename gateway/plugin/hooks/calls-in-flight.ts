/** Runs of each agent that make a model call now, or are about to make one. */
export class CallsInFlight {
  /** Time at which a call counts as over, if nothing else is heard of it, by agent and by run. */
  readonly #until = new Map<string, Map<string, number>>();
  readonly #waiting = new Set<() => void>();

  begin(agentId: string, run: string, limitMs: number): void {
    const runs = this.#until.get(agentId) ?? new Map<string, number>();
    this.#until.set(agentId, runs.set(run, performance.now() + limitMs));
  }

  /** Sets another limit for a call that is not over. */
  extend(agentId: string, run: string, limitMs: number): void {
    if (this.of(agentId).has(run)) this.begin(agentId, run, limitMs);
  }

  end(agentId: string, run: string): void {
    const runs = this.#until.get(agentId);
    if (runs?.delete(run) !== true) return;
    if (runs.size === 0) this.#until.delete(agentId);
    for (const wake of this.#waiting) wake();
  }

  /** Returns the runs of the agent with a call, as they are now. */
  of(agentId: string): ReadonlySet<string> {
    const runs = [...(this.#until.get(agentId) ?? [])];
    return new Set(runs.flatMap(([run, until]) => (performance.now() < until ? [run] : [])));
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
