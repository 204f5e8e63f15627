import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

const chatRequest = z.object({
  model: z.string().default('script'),
  stream: z.boolean().default(false),
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.unknown(),
      tool_calls: z.array(z.object({ function: z.object({ name: z.string() }) })).optional(),
    }),
  ),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).default([]),
});

/** One message of a conversation, as the script reads it. */
export interface ChatMessage {
  readonly role: string;
  readonly text: string;
  /** Names of the tools that an assistant's message calls. */
  readonly toolCalls: readonly string[];
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Names of the tools on offer. */
  readonly tools: readonly string[];
  /** Header with the key of the request. */
  readonly authorization: string;
}

/** Answer of a script: a text, or a call of one tool. */
export type ChatReply =
  | { readonly text: string }
  | { readonly tool: string; readonly arguments: Readonly<Record<string, unknown>> };

export type Script = (request: ChatRequest) => ChatReply | Promise<ChatReply>;

export interface ModelServer {
  readonly port: number;
  /** Base address of a provider in OpenClaw's configuration. */
  readonly url: string;
  close(): void;
}

/** Starts a server of OpenAI's chat completions on loopback, whose answers come from a script. */
export async function startModelServer(script: Script, port = 0): Promise<ModelServer> {
  const server = createServer((request, response) => {
    answer(script, request, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new RangeError('a TCP server has a port');
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}/v1`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(script: Script, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(part));
  if (request.url?.endsWith('/chat/completions') !== true) {
    sendJson(response, 200, { object: 'list', data: [{ id: 'script', object: 'model' }] });
    return;
  }
  const text = Buffer.concat(parts).toString();
  const { data: chat } = chatRequest.safeParse(parseJson(text));
  if (chat === undefined) {
    sendJson(response, 400, { error: { message: 'This is no request for a chat completion.' } });
    return;
  }
  const reply = await script({
    messages: chat.messages.map(({ role, content, tool_calls = [] }) => ({
      role,
      text: textOf(content),
      toolCalls: tool_calls.map((call) => call.function.name),
    })),
    tools: chat.tools.map((tool) => tool.function.name),
    authorization: request.headers.authorization ?? '',
  });
  const usage = usageOf(text, reply);
  if (chat.stream) sendStream(response, chat.model, reply, usage);
  else sendJson(response, 200, completion(chat.model, reply, usage));
}

/** Content is a text, or a list of parts. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = z.array(z.object({ text: z.string().default('') })).safeParse(content);
  return parts.success ? parts.data.map((part) => part.text).join('') : '';
}

/** Tokens, counted as four characters each. */
function usageOf(request: string, reply: ChatReply) {
  const input = Math.ceil(request.length / 4);
  const output = Math.ceil(JSON.stringify(reply).length / 4);
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

type Usage = ReturnType<typeof usageOf>;

function callOf(reply: Extract<ChatReply, { tool: string }>) {
  return {
    index: 0,
    id: `call_${crypto.randomUUID()}`,
    type: 'function',
    function: { name: reply.tool, arguments: JSON.stringify(reply.arguments) },
  };
}

function completion(model: string, reply: ChatReply, usage: Usage): object {
  const isText = 'text' in reply;
  return {
    ...identity('chat.completion', model),
    choices: [
      {
        index: 0,
        message: isText
          ? { role: 'assistant', content: reply.text }
          : { role: 'assistant', content: null, tool_calls: [callOf(reply)] },
        finish_reason: isText ? 'stop' : 'tool_calls',
      },
    ],
    usage,
  };
}

function sendStream(response: ServerResponse, model: string, reply: ChatReply, usage: Usage): void {
  const chunk = identity('chat.completion.chunk', model);
  const choice = (delta: object, finish: string | null = null) => ({
    ...chunk,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const deltas =
    'text' in reply
      ? // Words one after the other, as a model sends them.
        (reply.text.match(/\S+\s*/g) ?? []).map((content) => ({ content }))
      : [{ tool_calls: [callOf(reply)] }];
  const events = [
    choice({ role: 'assistant' }),
    ...deltas.map((delta) => choice(delta)),
    choice({}, 'text' in reply ? 'stop' : 'tool_calls'),
    { ...chunk, choices: [], usage },
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.end('data: [DONE]\n\n');
}

function identity(object: string, model: string) {
  return { id: `chatcmpl-${crypto.randomUUID()}`, object, created: Math.floor(Date.now() / 1_000), model };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
