import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import Output from '../../../node_modules/ink/build/output.js';
import { bundling } from '../../../scripts/build.ts';
import KeptRows from './kept-rows.ts';

const width = 12;
const height = 4;
const asItStands = (text: string): string => text;

const coordinate = fc.integer({ min: -2, max: width + 2 });
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '漢',
        '●',
        'é',
        '👍🏽',
        '\u200b',
        '\u001b[31m',
        '\u001b[39m',
        '\u001b[1;7m',
        '\u001b[0m',
        'a\nb',
      ),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('write' as const), x: fc.nat(width), y: coordinate, text }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('clip' as const),
      x1: fc.option(coordinate, { nil: undefined }),
      x2: fc.option(coordinate, { nil: undefined }),
      y1: fc.option(coordinate, { nil: undefined }),
      y2: fc.option(coordinate, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('unclip' as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('shout' as const), x: fc.nat(width), text }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

function draw(output: Output, operations: readonly Operation[]): ReturnType<Output['get']> {
  for (const each of operations) {
    if (each.does === 'write') output.write(each.x, each.y, each.text, { transformers: [asItStands] });
    else if (each.does === 'clip') output.clip(each);
    else if (each.does === 'unclip') output.unclip();
    else output.write(each.x, 1, each.text, { transformers: [(line) => line.toUpperCase()] });
  }
  return output.get();
}

describe('rows that are kept', () => {
  test('the shipped program draws with them', async () => {
    const entry = { program: 'tui/testing/minimal-program.tsx' };
    const { metafile } = await build({ ...bundling(entry, 'out'), metafile: true, write: false });
    expect(Object.keys(metafile.inputs)).toContain('tui/src/ink/kept-rows.ts');
  });

  test('every frame is what Ink would have drawn, whatever was drawn before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 4 }), (frames) => {
        for (const frame of frames) {
          const size = { width, height };
          expect(draw(new KeptRows(size), frame)).toEqual(draw(new Output(size), frame));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
