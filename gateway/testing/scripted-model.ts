import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

const requestBody = z.object({
  model: z.string().default(''),
  reasoning_effort: z.string().optional(),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).default([]),
});

export interface ModelRequest {
  /** Names of the tools that the model is offered. */
  readonly tools: readonly string[];
  /** Texts of the tool answers of this session, in order. */
  readonly answers: readonly string[];
  /** Texts of the user's messages of this session, in order. */
  readonly messages: readonly string[];
  /** Name of the model. */
  readonly model: string;
  /** Level of thinking; undefined where the request names none. */
  readonly effort: string | undefined;
}

/** Answer of the model to one request: a tool call, a text that ends the turn, a refusal by its HTTP status, or none. */
export type Reply =
  | { readonly tool: string; readonly args: object }
  | { readonly text: string }
  | { readonly refusal: number }
  | 'silence';
/** A reply, or what decides it once the request is there. */
export type Step = Reply | ((request: ModelRequest) => Reply | Promise<Reply>);

/** A model with OpenAI's wire format that follows a script. */
export interface ScriptedModel {
  readonly url: string;
  /** Address at which every request is refused with an HTTP status, until `recover`. */
  refusingUrl(status: number): string;
  /** From now on those addresses answer as well, by this and outside the script. */
  recover(answer: (request: ModelRequest) => Reply): void;
  readonly requests: readonly ModelRequest[];
  /** Sets the steps of the next requests. After the last, the model says `done`. */
  play(...steps: readonly Step[]): void;
  close(): void;
}

/** Tokens that each answer reports. */
const usageOfAnswer = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };

/** With a `key`, the model refuses requests that do not bring it. */
export async function startScriptedModel({ key }: { readonly key?: string } = {}): Promise<ScriptedModel> {
  const requests: ModelRequest[] = [];
  let script: Step[] = [];
  let recovered: ((request: ModelRequest) => Reply) | undefined;
  const server = createServer(async (incoming, outgoing) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(Buffer.from(part));
    if (key !== undefined && incoming.headers.authorization !== `Bearer ${key}`) {
      const error = { message: 'Incorrect API key provided.', code: 'invalid_api_key' };
      outgoing.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      return;
    }
    if (incoming.url?.endsWith('/chat/completions') !== true) {
      outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[]}');
      return;
    }
    const refusal = /^\/refuses-(\d+)\//.exec(incoming.url)?.[1];
    const {
      model,
      messages,
      tools,
      reasoning_effort: effort,
    } = requestBody.parse(JSON.parse(Buffer.concat(parts).toString()));
    const request = {
      model,
      effort,
      tools: tools.map((tool) => tool.function.name),
      answers: messages.flatMap((message) => textsOf('tool', message)),
      messages: messages.flatMap((message) => textsOf('user', message)),
    };
    if (refusal === undefined) requests.push(request);
    const next = refusal === undefined ? (script.shift() ?? { text: 'done' }) : refused(Number(refusal));
    const step = typeof next === 'function' ? await next(request) : next;
    if (step === 'silence') return;
    if ('refusal' in step) {
      const error = { message: `refused with ${step.refusal}` };
      outgoing.writeHead(step.refusal, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
      return;
    }
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events(step, requests.length)) {
      outgoing.write(`data: ${JSON.stringify(event)}\n\n`);
    }
    outgoing.end('data: [DONE]\n\n');
  });
  const refused = (status: number): Step => recovered ?? { refusal: status };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The model has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    refusingUrl: (status) => `http://127.0.0.1:${address.port}/refuses-${status}/v1`,
    recover: (answer) => {
      recovered = answer;
    },
    requests,
    play: (...steps) => {
      script = [...steps];
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const parts = z.array(z.object({ text: z.string().default('') }));

function textsOf(wanted: string, { role, content }: { role: string; content: unknown }): string[] {
  if (role !== wanted) return [];
  if (typeof content === 'string') return [content];
  return [
    parts
      .parse(content)
      .map(({ text }) => text)
      .join(''),
  ];
}

function events(step: Exclude<Reply, 'silence' | { refusal: number }>, count: number): object[] {
  const chunk = { id: 'chunk', object: 'chat.completion.chunk', created: 1, model: 'one' };
  const delta =
    'text' in step
      ? { content: step.text }
      : {
          tool_calls: [
            {
              index: 0,
              id: `call_${count}`,
              type: 'function',
              function: {
                name: step.tool,
                arguments: JSON.stringify(step.args),
              },
            },
          ],
        };
  return [
    { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', ...delta } }] },
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'text' in step ? 'stop' : 'tool_calls' }] },
    { ...chunk, choices: [], usage: usageOfAnswer },
  ];
}
