import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { environmentFlag } from '../../shared/src/program/environment-flag.ts';
import { ScreenSession } from '../../tui/testing/screen-session.ts';
import { evaluateInChromium } from './chromium.ts';
import { svgAnimation } from './svg-animation.ts';
import { drawTerminal, svgPicture } from './svg-picture.ts';

const readDocs = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');
const fleet = readDocs('hq-tui.svg');
const firstResult = readDocs('hq-first-result.svg');

const drawnText = z.object({
  text: z.string(),
  row: z.number(),
  column: z.number(),
  starts: z.array(z.number()),
  columns: z.number(),
});
const texts = z.array(drawnText);
const moving = z.object({
  sample: texts,
  fleet: texts,
  firstResult: texts,
  boxes: z.array(z.array(z.number())),
  seenAt: z.array(z.array(z.string())),
  animations: z.number(),
});
const still = z.object({ seen: z.array(z.string()), animations: z.number() });

/** Lengths in cells: where each text is drawn, where each of its characters begins, how wide it is. */
const functions = `
  const seen = (name) => [...root(name).querySelectorAll('text')]
    .filter((text) => getComputedStyle(text).visibility === 'visible');
  const column = (text, index) => (text.getStartPositionOfChar(index).x - 16) / 8;
  const measure = (name) => seen(name).map((text) => ({
    text: text.textContent,
    row: (text.getAttribute('y') - 16 - 13) / 17,
    column: column(text, 0),
    starts: Array.from({ length: text.getNumberOfChars() }, (_, index) => column(text, index)),
    columns: text.getComputedTextLength() / 8,
  }));
  const seenTexts = (name) => seen(name).map((text) => text.textContent);`;
const measureAll = `${functions}
  const boxes = [...root('box').querySelectorAll('path')].map((path) => {
    const { x, y, width, height } = path.getBBox();
    return [x, y, width, height];
  });
  const seenAt = [500, 1500, 2500].map((ms) => {
    for (const animation of root('changing').getAnimations()) {
      animation.pause();
      animation.currentTime = ms;
    }
    return seenTexts('changing');
  });
  const animations = root('firstResult').getAnimations().length;
  return { sample: measure('sample'), fleet: measure('fleet'), firstResult: measure('firstResult'), boxes, seenAt, animations };`;
const measureStill = `${functions}
  return { seen: seenTexts('changing'), animations: root('firstResult').getAnimations().length };`;

/** Shows text in a real terminal. */
async function terminalWith(text: string, columns: number, rows: number): Promise<ScreenSession> {
  const program = `process.stdout.write(${JSON.stringify(text)}); setTimeout(() => {}, 120_000)`;
  const session = new ScreenSession(process.execPath, ['-e', program], { columns, rows });
  await session.waitFor('END', 60_000);
  return session;
}

const sampleText = [
  'HQ      two  words                       ● LIVE',
  '\u001b[1m[1 Fleet]\u001b[0m  \u001b[2m2 Agents\u001b[0m  \u001b[7m inverse \u001b[0m  tail   ',
  '── Fleet ──────────── 2 · gateway ↑ ──',
  '╭─────╮ │ 日本語 is wide │ 🚀 too │ é',
  '│ box │ ✕ failed ◐ running it’s “quoted”',
  '╰─────╯ █ ▌ <tag> & "more"',
  'END',
].join('\r\n');

async function changingPicture(): Promise<string> {
  const frames = [];
  for (const [index, text] of ['one', 'two', 'six'].entries()) {
    const session = await terminalWith(`same\r\n${text}\r\nEND`, 10, 3);
    frames.push({ atMs: index * 1000, rows: drawTerminal(session.terminal) });
    await session.close();
  }
  return svgAnimation(frames, {
    title: 'changing',
    columns: 10,
    rows: 3,
    still: 2,
    longestMs: 1000,
    endMs: 1000,
  });
}

const isWord = (text: string): boolean => /^[!-~]+$/.test(text);

describe.runIf(environmentFlag(process.env, 'HQ_TEST_CHROMIUM'))('a picture in Chromium', () => {
  let sample: ScreenSession;
  let shown: z.infer<typeof moving>;
  let shownStill: z.infer<typeof still>;

  beforeAll(async () => {
    sample = await terminalWith(sampleText, 60, 8);
    const box = await terminalWith('╭──╮\r\n│╰┼╯│\r\nEND', 10, 3);
    const changing = await changingPicture();
    const documents = {
      sample: svgPicture(sample.terminal, 'sample'),
      box: svgPicture(box.terminal, 'box'),
      changing,
      fleet,
      firstResult,
    };
    await box.close();
    shown = moving.parse(await evaluateInChromium(documents, measureAll));
    shownStill = still.parse(
      await evaluateInChromium({ changing, firstResult }, measureStill, ['--force-prefers-reduced-motion']),
    );
  }, 180_000);
  afterAll(() => sample.close());

  it('draws each character at its column, and none wider than its cells', () => {
    const { buffer, cols, rows } = sample.terminal;
    const cellAt = (row: number, column: number) => buffer.active.getLine(row)?.getCell(column);
    const middleOf = (row: number, column: number): number =>
      column + (cellAt(row, column)?.getWidth() ?? 1) / 2;
    const drawn = new Set<string>();
    for (const { text, row, column, starts, columns } of shown.sample) {
      const cells = [...Array(cols).keys()].filter((at) => cellAt(row, at)?.getChars() === text);
      const own = isWord(text)
        ? column
        : cells.find((at) => Math.abs(middleOf(row, at) - (column + columns / 2)) < 0.1);
      expect(own, `a cell for ${text} in row ${row}`).toBeDefined();
      for (const [index, start] of isWord(text) ? starts.entries() : [[0, own ?? 0] as const]) {
        expect(start).toBeCloseTo(Math.round(start), 1);
        const characters = cellAt(row, Math.round(start))?.getChars();
        expect(characters).toBe(isWord(text) ? text[index] : text);
        drawn.add(`${row}:${Math.round(start)}`);
      }
      const width = isWord(text) ? text.length : (cellAt(row, own ?? 0)?.getWidth() ?? 1);
      expect(columns).toBeLessThan(width * 1.1 + (isWord(text) ? 0 : 0.7));
    }
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < cols; column++) {
        const characters = cellAt(row, column)?.getChars() ?? '';
        const isText = !/^[\s─-╿▀-▐]*$/.test(characters);
        if (isText) expect(drawn, `${characters} of row ${row}`).toContain(`${row}:${column}`);
      }
  });

  it('joins the lines of a box', () => {
    expect(shown.boxes).toEqual([
      [20, 24.5, 4, 8.5],
      [24, 24.5, 16, 0],
      [40, 24.5, 4, 8.5],
      [20, 33, 0, 17],
      [28, 33, 4, 8.5],
      [32, 33, 8, 17],
      [40, 33, 4, 8.5],
      [52, 33, 0, 17],
    ]);
  });

  it.each(['fleet', 'firstResult'] as const)('keeps every column of the README’s picture: %s', (name) => {
    expect(shown[name].length).toBeGreaterThan(40);
    for (const { text, starts, columns } of shown[name].filter(({ text }) => isWord(text))) {
      for (const [index, start] of starts.entries()) expect(start).toBeCloseTo((starts[0] ?? 0) + index, 1);
      expect(columns / text.length).toBeLessThan(1.1);
    }
  });

  it('moves in frames, and shows the still frame to a reader who wants no motion', () => {
    const last = ['same', 'END', 'six'];
    expect(shown.seenAt).toEqual([['same', 'one', 'END'], ['same', 'END', 'two'], last]);
    expect(shownStill.seen).toEqual(last);
    expect(shown.animations).toBeGreaterThan(10);
    expect(shownStill.animations).toBe(0);
  });
});

it('the README’s pictures stretch no text, load nothing, and stay under 500 kB', () => {
  for (const svg of [fleet, firstResult]) {
    expect(svg).not.toMatch(/textLength|<script|href=/);
    expect(svg.length).toBeLessThan(500_000);
  }
});
