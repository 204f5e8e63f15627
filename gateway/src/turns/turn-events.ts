import type { TurnLine } from '@hq/shared/gateway';
import { z } from 'zod';
import { agentEvent } from '../openclaw/frames.ts';

const assistant = z.object({
  text: z.string().optional(),
  delta: z.string().optional(),
  replace: z.boolean().optional(),
});
const tool = z.object({
  phase: z.string(),
  name: z.string(),
  isError: z.boolean().optional(),
});

const lifecycle = z.object({
  errorObservation: z.object({ failoverReason: z.string().optional() }).optional(),
});

/** Chooses the events of one run, or of every run of a session. */
export type OfTurn = { readonly runId: string } | { readonly sessionKey: string };

/** Collects text, tools and the reason of a failure from OpenClaw's events. */
export class TurnEvents {
  readonly #of: OfTurn;
  readonly #emit: (line: TurnLine) => void;
  readonly #tools: string[] = [];
  #text = '';
  #failoverReason: string | null = null;

  constructor(of: OfTurn, emit: (line: TurnLine) => void) {
    this.#of = of;
    this.#emit = emit;
  }

  /** Reason that OpenClaw gave for a failed model call, in its own words. */
  get failoverReason(): string | null {
    return this.#failoverReason;
  }

  get text(): string {
    return this.#text;
  }

  get tools(): readonly string[] {
    return this.#tools;
  }

  receive(event: string, payload: unknown): void {
    if (event !== 'agent') return;
    const { data: received } = agentEvent.safeParse(payload);
    if (received === undefined || !this.#concerns(received)) return;
    if (received.stream === 'assistant') this.#onText(received.data);
    if (received.stream === 'tool') this.#onTool(received.data);
    if (received.stream === 'lifecycle') this.#onLifecycle(received.data);
  }

  #concerns({ runId, sessionKey }: z.output<typeof agentEvent>): boolean {
    return 'runId' in this.#of ? runId === this.#of.runId : sessionKey === this.#of.sessionKey;
  }

  #onLifecycle(data: unknown): void {
    const reason = lifecycle.safeParse(data).data?.errorObservation?.failoverReason;
    if (reason !== undefined) this.#failoverReason = reason;
  }

  #onText(data: unknown): void {
    const { data: part } = assistant.safeParse(data);
    if (part === undefined) return;
    // The model answers: what failed before was repeated.
    this.#failoverReason = null;
    const { text, delta = '', replace = false } = part;
    if (replace && text !== undefined) {
      this.#text = text;
      this.#emit({ text, replace });
    } else if (delta !== '') {
      this.#text += delta;
      this.#emit({ text: delta });
    }
  }

  #onTool(data: unknown): void {
    const { data: call } = tool.safeParse(data);
    if (call?.phase === 'start') {
      this.#failoverReason = null;
      this.#tools.push(call.name);
      this.#emit({ tool: { name: call.name, phase: 'start' } });
    } else if (call?.phase === 'result' || call?.phase === 'end') {
      this.#emit({ tool: { name: call.name, phase: 'end', failed: call.isError ?? false } });
    }
  }
}
