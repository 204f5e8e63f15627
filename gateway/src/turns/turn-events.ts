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

/** Collects text and tools of one run from OpenClaw's events. */
export class TurnEvents {
  readonly #runId: string;
  readonly #emit: (line: TurnLine) => void;
  readonly #tools: string[] = [];
  #text = '';

  constructor(runId: string, emit: (line: TurnLine) => void) {
    this.#runId = runId;
    this.#emit = emit;
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
    if (received?.runId !== this.#runId) return;
    if (received.stream === 'assistant') this.#onText(received.data);
    if (received.stream === 'tool') this.#onTool(received.data);
  }

  #onText(data: unknown): void {
    const { data: part } = assistant.safeParse(data);
    if (part === undefined) return;
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
      this.#tools.push(call.name);
      this.#emit({ tool: { name: call.name, phase: 'start' } });
    } else if (call?.phase === 'result' || call?.phase === 'end') {
      this.#emit({ tool: { name: call.name, phase: 'end', failed: call.isError ?? false } });
    }
  }
}
