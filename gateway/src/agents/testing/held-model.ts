import { once } from 'node:events';
import { createServer } from 'node:http';

/** A model with OpenAI's wire format that answers `done`, and can be held. */
export interface HeldModel {
  readonly url: string;
  /** Names of the models that were asked. */
  readonly asked: readonly string[];
  /** Tokens of the prompt, as it says in its next answers. */
  promptTokens: number;
  /** Holds the answers from now on. */
  hold(): void;
  release(): void;
  close(): void;
}

export async function startHeldModel(): Promise<HeldModel> {
  const asked: string[] = [];
  let held = Promise.withResolvers<void>();
  held.resolve();
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(Buffer.from(part));
    if (incoming.url?.endsWith('/chat/completions') !== true) {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
      return;
    }
    asked.push(String(JSON.parse(Buffer.concat(parts).toString()).model));
    await held.promise;
    const chunk = { id: 'chunk', object: 'chat.completion.chunk', created: 1, model: 'one' };
    const events = [
      { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', content: 'done' } }] },
      { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      {
        ...chunk,
        choices: [],
        usage: {
          prompt_tokens: model.promptTokens,
          completion_tokens: 1,
          total_tokens: model.promptTokens + 1,
        },
      },
    ];
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
    outgoing.end('data: [DONE]\n\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The model has no port.');
  const model: HeldModel = {
    url: `http://127.0.0.1:${address.port}/v1`,
    asked,
    promptTokens: 1,
    hold: () => {
      held = Promise.withResolvers<void>();
    },
    release: () => held.resolve(),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return model;
}
