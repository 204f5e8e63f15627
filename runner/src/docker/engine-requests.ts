import { Readable } from 'node:stream';
import { HqError } from '@hq/shared/errors';
import type Docker from 'dockerode';
import { explainEngineError } from './engine-error.ts';

const usualSeconds = 20;

/** Wraps dockerode's requests. `address` appears in error messages. */
export function createEngineRequests(docker: Docker, address: string) {
  /** Sends a request with a time limit. Throws `HqError`, or the reason of the signal. */
  async function send<Answer>(
    signal: AbortSignal,
    request: (signal: AbortSignal) => Promise<Answer>,
    limitSeconds = usualSeconds,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(limitSeconds * 1000);
    const either = AbortSignal.any([signal, limit]);
    // docker-modem never settles when a response breaks off, not even after an abort.
    const aborted = new Promise<never>((_resolve, reject) => {
      either.addEventListener('abort', () => reject(either.reason), { once: true });
    });
    try {
      return await Promise.race([request(either), aborted]);
    } catch (error) {
      signal.throwIfAborted();
      if (limit.aborted)
        throw new HqError('unreachable', `The Docker engine did not answer within ${limitSeconds} s.`, {
          hint: 'Look at the engine on the host: systemctl status docker.',
          cause: error,
        });
      throw explainEngineError(error, address);
    }
  }

  async function* chunks(stream: Readable, signal: AbortSignal): AsyncIterable<Uint8Array> {
    try {
      yield* stream;
    } catch (error) {
      signal.throwIfAborted();
      throw explainEngineError(error, address);
    }
  }

  return {
    send,
    /** Applies the time limit until the response starts; afterwards only the signal ends the stream. */
    async openStream(path: string, options: Record<string, unknown>, signal: AbortSignal) {
      const stop = new AbortController();
      const opened = await send(signal, (limited) => {
        const giveUp = () => stop.abort(limited.reason);
        limited.addEventListener('abort', giveUp, { once: true });
        const abortSignal = AbortSignal.any([signal, stop.signal]);
        return dialStream(docker, path, options, abortSignal).finally(() =>
          limited.removeEventListener('abort', giveUp),
        );
      });
      return chunks(opened, signal);
    },
  };
}

function dialStream(
  docker: Docker,
  path: string,
  options: Record<string, unknown>,
  abortSignal: AbortSignal,
): Promise<Readable> {
  const statusCodes = { 200: true, 404: 'no such container', 500: 'server error' };
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      { path, method: 'GET', options, isStream: true, abortSignal, statusCodes },
      (error, stream) => {
        if (stream instanceof Readable) resolve(stream);
        else reject(error ?? new Error('the response is no stream'));
      },
    );
  });
}
