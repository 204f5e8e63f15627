import { createRedactor } from '@hq/shared/text';
import { describe, expect, it } from 'vitest';
import { type HandlerContext, handle } from './handler.ts';
import { handlers } from './handlers/index.ts';
import { CommandOutput } from './output.ts';
import { noAgents, noDispatcher, noServices } from './testing/no-services.ts';

const context: HandlerContext = {
  commandId: 'command',
  attempt: 1,
  agentId: null,
  agentSlug: null,
  agents: noAgents,
  dispatcher: noDispatcher,
  runnerId: 'runner',
  stack: noServices,
  output: new CommandOutput(createRedactor([]), () => undefined),
  signal: AbortSignal.timeout(10_000),
  progress: () => undefined,
  setPaused: () => Promise.resolve(),
  openSecret: () => Promise.reject(new Error('no secrets')),
};

/** Runs `ping` with a handler that answers this, whatever its type says. */
async function ping(payload: unknown, answer: unknown): Promise<{ result: unknown; warnings: string[] }> {
  const warnings: string[] = [];
  const untyped = { ping: () => Promise.resolve(JSON.parse(JSON.stringify(answer))) };
  const result = await handle({ ...handlers, ...untyped }, 'ping', payload, context, (warning) =>
    warnings.push(warning),
  );
  return { result, warnings };
}

describe('a handler', () => {
  it('gets the payload with its defaults, also where the row has none', async () => {
    const seen: unknown[] = [];
    const tail_logs: (typeof handlers)['tail_logs'] = (payload) => {
      seen.push(payload);
      return Promise.resolve({ service: payload.service, lines: 0 });
    };
    await handle({ ...handlers, tail_logs }, 'tail_logs', null, context, () => undefined);
    expect(seen).toEqual([{ service: 'gateway', lines: 100 }]);
  });

  it.each([
    ['tail_logs', { lines: 0 }, 'lines', 'The payload of tail_logs is malformed at "lines"'],
    ['ping', { loud: true }, 'loud', 'The payload of ping is malformed at "loud"'],
    ['ping', 'loud', undefined, 'The payload of ping is malformed: '],
  ] as const)('does not run %s with the payload %j', async (name, payload, field, sentence) => {
    const ran = handle(handlers, name, payload, context, () => undefined);
    await expect(ran).rejects.toMatchObject({
      code: 'usage',
      field,
      message: expect.stringContaining(sentence),
      hint: expect.stringContaining('docs/actions.md'),
    });
  });

  it('whose result fits its schema gives it back without a warning', async () => {
    expect(await ping({}, { runner: 'one' })).toEqual({ result: { runner: 'one' }, warnings: [] });
  });

  it('whose result does not fit its schema gives it back with a warning that names the field', async () => {
    const { result, warnings } = await ping({}, { runner: 1 });
    expect(result).toEqual({ runner: 1 });
    expect(warnings).toEqual([
      expect.stringMatching(/^The result of ping does not fit its schema: runner: /),
    ]);
  });

  it('fails where the receiver of the warning throws', async () => {
    const strict = handle(
      { ...handlers, ping: () => Promise.resolve(JSON.parse('{}')) },
      'ping',
      {},
      context,
      (warning) => {
        throw new Error(warning);
      },
    );
    await expect(strict).rejects.toThrow('The result of ping does not fit its schema');
  });
});
