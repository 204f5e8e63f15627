import { HqError } from '@hq/shared/errors';
import type { z } from 'zod';

interface ControlRequest {
  /** Decoded groups of the path's pattern. */
  readonly params: readonly string[];
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined where there is no body. */
  readonly body: unknown;
  /** Aborts when the client closes the request. */
  readonly signal: AbortSignal;
}

interface RouteAddress {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: RegExp;
}

/** Route that is answered with one JSON object. */
export interface AnswerRoute extends RouteAddress {
  readonly answer: (request: ControlRequest) => object | Promise<object>;
}

/** Route that is answered with lines of JSON. The returned object is the last one: `{"result": …}`. */
interface StreamRoute extends RouteAddress {
  readonly stream: (request: ControlRequest, emit: (line: object) => void) => Promise<object>;
}

/** Route that reads the body by itself, which may be long, and answers with one JSON object. */
interface UploadRoute extends RouteAddress {
  readonly receive: (
    request: Omit<ControlRequest, 'body'>,
    stream: AsyncIterable<Uint8Array>,
  ) => Promise<object>;
}

export type Route = AnswerRoute | StreamRoute | UploadRoute;

/** Parses the body of a request. Throws `usage` with the name of the field. */
export function parseBody<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const field = first?.path.join('.') ?? '';
  throw new HqError('usage', `The request cannot be used: ${field} ${first?.message ?? ''}`.trim(), {
    ...(field === '' ? {} : { field }),
  });
}
