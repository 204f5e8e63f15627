import { build } from 'esbuild';
import fc from 'fast-check';
import measure from 'string-width';
import { describe, expect, test } from 'vitest';
import Output from '../../../node_modules/ink/build/output.js';
import { bundling } from '../../../scripts/build.ts';
import KeptRows from './kept-rows.ts';
import { rememberWidths } from './remember-widths.ts';

const width = 12;
const height = 4;

const coordinate = fc.integer({ min: -2, max: width + 2 });
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '漢',
        '漢字漢字',
        '●',
        'é',
        '👍🏽',
        '\u200b',
        '\u001b[31m',
        '\u001b[39m',
        '\u001b[1;7m',
        '\u001b[0m',
        '\u001b[48;5;237m',
        '\n',
        'a\nb',
      ),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join(''));
/** As `<Text>` without and with colours, and `<Transform>`, the last one depending on how much of a line it is given. */
const transformers = fc.constantFrom<((line: string, index: number) => string)[]>(
  [],
  [(line) => line],
  [(line) => line.toUpperCase()],
  [(line) => `\u001b[36m${line}\u001b[39m`, (line) => `\u001b[2m${line}\u001b[22m`],
  [(line, index) => (index === 0 ? line : `${index}${line}`)],
  [(line) => (line.length > 4 ? line.toUpperCase() : line)],
);
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      does: fc.constant('write' as const),
      x: fc.nat(width),
      y: coordinate,
      text,
      transformers,
    }),
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
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

function draw(output: Output, operations: readonly Operation[]): ReturnType<Output['get']> {
  for (const each of operations) {
    if (each.does === 'write') output.write(each.x, each.y, each.text, { transformers: each.transformers });
    else if (each.does === 'clip') output.clip(each);
    else output.unclip();
  }
  return output.get();
}

describe('kept rows', () => {
  test('are used by the bundled program, and so are the remembered widths', async () => {
    const entry = { program: 'tui/testing/minimal-program.tsx' };
    const { metafile } = await build({ ...bundling(entry, 'out'), metafile: true, write: false });
    expect(Object.keys(metafile.inputs)).toContain('tui/src/ink/kept-rows.ts');
    expect(Object.keys(metafile.inputs)).toContain('tui/src/ink/remember-widths.ts');
  });

  test('make the frame that Ink would have made, whatever was drawn before', () => {
    fc.assert(
      fc.property(fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 4 }), (frames) => {
        for (const frame of frames) {
          const size = { width, height };
          expect(draw(new KeptRows(size), frame)).toEqual(draw(new Output(size), frame));
        }
      }),
      { numRuns: 4_000 },
    );
  });

  test('are composed again when only a transformer differs', () => {
    const frame = (transform: (line: string) => string) => {
      const output = new KeptRows({ width, height });
      output.clip({ x1: 0, x2: 3, y1: undefined, y2: undefined });
      output.write(0, 0, 'abcdef', { transformers: [transform] });
      return output.get().output.split('\n')[0];
    };
    expect(frame((line) => line.toUpperCase())).toBe('ABC');
    expect(frame((line) => (line.length > 4 ? line.toUpperCase() : line))).toBe('abc');
  });
});

test('a remembered width is the width that the package measures', () => {
  const stringWidth = rememberWidths(measure);
  fc.assert(
    fc.property(text, (each) => {
      expect(stringWidth(each)).toBe(measure(each));
      expect(stringWidth(each)).toBe(measure(each));
    }),
  );
});
