/** Tool calls that are remembered; a turn makes them one after the other or a few at once. */
const most = 1_000;

/** The run of each recent tool call. The context of OpenClaw's tools does not have it. */
export class ToolRuns {
  readonly #runs = new Map<string, string>();

  add(toolCallId: string | undefined, runId: string | undefined): void {
    if (toolCallId === undefined || runId === undefined) return;
    this.#runs.delete(toolCallId);
    this.#runs.set(toolCallId, runId);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > most && oldest !== undefined) this.#runs.delete(oldest);
  }

  runOf(toolCallId: string): string | undefined {
    return this.#runs.get(toolCallId);
  }
}
