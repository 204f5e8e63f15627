import { startModelServer as startServer } from '../../../gateway/src/rehearsal/model-server.ts';

/** A model with OpenAI's wire format that runs one command in each turn and reads its output. */
export interface ModelServer {
  readonly url: string;
  /** Sets the command that the model runs from now on. */
  run(command: string): void;
  /** Outputs of the commands, as the model received them. */
  readonly outputs: readonly string[];
  /** API keys of the requests. */
  readonly keys: ReadonlySet<string>;
  close(): void;
}

export async function startModelServer(): Promise<ModelServer> {
  const outputs: string[] = [];
  const keys = new Set<string>();
  let command = 'true';
  const server = await startServer(({ messages, authorization }) => {
    keys.add(authorization);
    const answer = messages.findLast(({ role }) => role === 'tool');
    if (answer === undefined) return { tool: 'exec', arguments: { command } };
    outputs.push(answer.text);
    return { text: 'done' };
  });
  return {
    url: server.url,
    run: (next) => {
      command = next;
    },
    outputs,
    keys,
    close: server.close,
  };
}
