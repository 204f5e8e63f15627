import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Call } from './bot-api.ts';

const anyObject = z.record(z.string(), z.unknown());
/** Fields that stay text, also if they contain numbers or JSON. */
const words = new Set(['text', 'caption', 'callback_query_id', 'secret_token', 'url', 'description']);

/** Reads parameters from JSON, from a form, or from a form with files. */
export async function readCall(request: IncomingMessage, signal: AbortSignal): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  const files = new Map<string, { name: string; content: string }>();
  const params: Record<string, unknown> = {};
  const query = new URL(request.url ?? '/', 'http://loopback').searchParams;
  for (const [name, value] of query) params[name] = unpack(name, value);
  if (body.length === 0) return { params, files, signal };
  if (type.includes('json')) {
    return { params: { ...params, ...anyObject.parse(JSON.parse(body.toString('utf8'))) }, files, signal };
  }
  const form = await new Response(body, { headers: { 'content-type': type } }).formData();
  for (const [name, value] of form) {
    if (typeof value === 'string') params[name] = unpack(name, value);
    else files.set(name, { name: value.name, content: await value.text() });
  }
  return { params, files, signal };
}

function unpack(name: string, value: string): unknown {
  if (words.has(name) || !/^(?:[[{]|-?\d+$|true$|false$)/u.test(value)) return value;
  return JSON.parse(value);
}
