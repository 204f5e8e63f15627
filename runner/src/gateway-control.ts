import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { text as textOf } from 'node:stream/consumers';
import { codeOf, HqError } from '@hq/shared/errors';
import {
  callsAnswer,
  errorOfFault,
  type GatewayStatus,
  gatewayFault,
  gatewayStatus,
  type OpenClawAnswer,
  type TurnLine,
  type TurnRequest,
  type TurnResult,
  type TurnState,
  turnAborted,
  turnLine,
  turnResult,
  turnState,
} from '@hq/shared/gateway';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';
import type { OpenClawCall } from './openclaw-call.ts';

export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: object | undefined;
  readonly signal: AbortSignal;
}

/** One run of an agent, by its id and the session in which it runs. */
export interface TurnRun {
  readonly runId: string;
  readonly sessionKey: string;
}

/** Forms of a streamed answer: its lines, and the result in the last one. */
export interface ControlStream<Line, Result> extends ControlRequest {
  readonly line: z.ZodType<Line>;
  readonly result: z.ZodType<Result>;
  readonly onLine: (line: Line) => void;
}

/**
 * Client of the control API that hq-gateway serves on a Unix socket. Every method throws `HqError`: the one that the gateway
 * answers, `unreachable` where it does not answer, or the reason of the signal.
 */
export class GatewayControl {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  status(signal: AbortSignal): Promise<GatewayStatus> {
    return this.request({ method: 'GET', path: '/status', signal }, gatewayStatus);
  }

  /** Calls OpenClaw, one call after the other; an answer may be a refusal. */
  async calls(calls: readonly OpenClawCall[], signal: AbortSignal): Promise<readonly OpenClawAnswer[]> {
    const request = { method: 'POST', path: '/calls', body: { calls }, signal } as const;
    const { answers } = await this.request(request, callsAnswer);
    if (answers.length === calls.length) return answers;
    throw new HqError('failed', 'The gateway answered another number of calls.');
  }

  /** Runs one turn of an agent. Its text and tools come while it runs; an abort of the signal aborts the turn. */
  turn(turn: TurnRequest, onLine: (line: TurnLine) => void, signal: AbortSignal): Promise<TurnResult> {
    const request = { method: 'POST', path: '/turns', body: turn, signal } as const;
    return this.stream({ ...request, line: turnLine, result: turnResult, onLine });
  }

  /**
   * Follows a turn from its beginning, also one that the gateway or OpenClaw has begun before a restart. An abort of the signal
   * ends only this request.
   */
  followTurn(run: TurnRun, onLine: (line: TurnLine) => void, signal: AbortSignal): Promise<TurnState> {
    const session = new URLSearchParams({ session: run.sessionKey });
    const path = `/turns/${encodeURIComponent(run.runId)}?${session}`;
    return this.stream({ method: 'GET', path, signal, line: turnLine, result: turnState, onLine });
  }

  /** Aborts a turn and whatever OpenClaw would resume of it. Returns when it is over; false where there was nothing. */
  async abortTurn({ runId, sessionKey }: TurnRun, signal: AbortSignal): Promise<boolean> {
    const path = `/turns/${encodeURIComponent(runId)}/abort`;
    const request = { method: 'POST', path, body: { session: sessionKey }, signal } as const;
    return (await this.request(request, turnAborted)).aborted;
  }

  /** Sends a request that is answered with one object. */
  async request<Answer>(request: ControlRequest, schema: z.ZodType<Answer>): Promise<Answer> {
    try {
      return parsed(schema, await textOf(await this.#send(request)));
    } catch (error) {
      throw faultOf(error, request.signal);
    }
  }

  /** Sends a request that is answered with lines. Returns the result in the last one. */
  async stream<Line, Result>(request: ControlStream<Line, Result>): Promise<Result> {
    const last = z.object({ result: request.result });
    try {
      for await (const text of createInterface({ input: await this.#send(request) })) {
        const end = last.safeParse(parseJson(text));
        if (end.success) return end.data.result;
        request.onLine(parsed(request.line, text));
      }
    } catch (error) {
      throw faultOf(error, request.signal);
    }
    request.signal.throwIfAborted();
    throw unreachable('it ended before it answered');
  }

  #send({ method, path, body, signal }: ControlRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const content = body === undefined ? undefined : JSON.stringify(body);
      const headers = content === undefined ? {} : { 'content-type': 'application/json' };
      const request = httpRequest({ socketPath: this.#socket, method, path, headers, signal, agent: false });
      request.on('response', resolve);
      request.on('error', reject);
      request.end(content);
    });
  }
}

/** Parses a text as JSON of this form. Throws the error that it holds, if it is one. */
function parsed<Answer>(schema: z.ZodType<Answer>, text: string): Answer {
  const value = parseJson(text);
  const fault = gatewayFault.safeParse(value);
  if (fault.success) throw errorOfFault(fault.data);
  const answer = schema.safeParse(value);
  if (answer.success) return answer.data;
  throw new HqError('failed', 'The gateway answered in a form that this runner does not know.', {
    hint: 'Update the gateway and the runner to the same version.',
    cause: answer.error,
  });
}

function faultOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof HqError) return error;
  const code = codeOf(error);
  if (code === 'EACCES') return unreachable('its socket belongs to another user');
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return unreachable('it does not run');
  return unreachable(`its connection failed (${code ?? 'no reason'})`);
}

function unreachable(reason: string): HqError {
  return new HqError('unreachable', `The gateway cannot be reached: ${reason}.`, {
    hint: 'It may be starting; look at the gateway’s log.',
  });
}
