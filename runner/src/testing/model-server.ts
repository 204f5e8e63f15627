import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

const request = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
});

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
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(Buffer.from(part));
    if (incoming.url?.endsWith('/chat/completions') !== true) {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
      return;
    }
    keys.add(incoming.headers.authorization ?? '');
    const { messages } = request.parse(JSON.parse(Buffer.concat(parts).toString()));
    const answer = messages.findLast(({ role }) => role === 'tool');
    if (answer !== undefined) outputs.push(JSON.stringify(answer.content));
    const exec = {
      index: 0,
      id: 'call_1',
      type: 'function',
      function: { name: 'exec', arguments: JSON.stringify({ command }) },
    };
    const delta = answer === undefined ? { tool_calls: [exec] } : { content: 'done' };
    const finish = answer === undefined ? 'tool_calls' : 'stop';
    const chunk = { id: 'chunk', object: 'chat.completion.chunk', created: 1, model: 'model' };
    const events = [
      { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', ...delta } }] },
      { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: finish }] },
      { ...chunk, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } },
    ];
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
    outgoing.end('data: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The model has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    run: (next) => {
      command = next;
    },
    outputs,
    keys,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
