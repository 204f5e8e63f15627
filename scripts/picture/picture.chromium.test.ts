import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ScreenSession } from '../../tui/testing/screen-session.ts';
import { evaluateInChromium } from './chromium.ts';
import { svgAnimation } from './svg-animation.ts';
import { drawTerminal, svgPicture } from './svg-picture.ts';

const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const read = (name: string) => readFile(join(docs, name), 'utf8');

const drawn = z.array(
  z.object({
    text: z.string(),
    row: z.number(),
    column: z.number(),
    starts: z.array(z.number()),
    columns: z.number(),
  }),
);
type Drawn = z.infer<typeof drawn>;

/** In cells: where each text of the picture is drawn, where each of its characters begins, and how wide it is. */
const measure = `
  const isSeen = (text) => getComputedStyle(text).visibility === 'visible';
  return [...document.querySelectorAll('svg text')].filter(isSeen).map((text) => {
    const box = text.getExtentOfChar(0);
    const at = (index) => (text.getStartPositionOfChar(index).x - 16) / 8;
    const value = text.textContent;
    return {
      text: value,
      row: (text.getAttribute('y') - 16 - 13) / 17,
      column: at(0),
      starts: Array.from(value, (_, index) => (index < text.getNumberOfChars() ? at(index) : -1)),
      columns: text.getComputedTextLength() / 8,
    };
  });`;

async function measured(svg: string): Promise<Drawn> {
  return drawn.parse(await evaluateInChromium(svg, measure));
}

/** Shows text in a real terminal and gives the terminal away. */
async function terminalWith(text: string, columns: number, rows: number): Promise<ScreenSession> {
  const program = `process.stdout.write(${JSON.stringify(text)}); setTimeout(() => {}, 60_000)`;
  const session = new ScreenSession(process.execPath, ['-e', program], { columns, rows });
  await session.waitFor('END');
  return session;
}

const sample = [
  'HQ      two  words                       ● LIVE',
  '\u001b[1m[1 Fleet]\u001b[0m  \u001b[2m2 Agents\u001b[0m  \u001b[7m inverse \u001b[0m  tail   ',
  '── Fleet ──────────── 2 · gateway ↑ ──',
  '╭─────╮ │ 日本語 is wide │ 🚀 too │ é',
  '│ box │ ✕ failed ◐ running it’s “quoted”',
  '╰─────╯ █ ▌ <tag> & "more"',
  'END',
].join('\r\n');

/** Milliseconds: each test starts Chromium, which a busy machine does slowly. */
const timeout = 90_000;

describe.runIf(process.env.HQ_TEST_CHROMIUM === '1')('a picture in Chromium', { timeout }, () => {
  it('draws each character at its column, and none wider than its cells', async () => {
    const session = await terminalWith(sample, 60, 8);
    try {
      const texts = await measured(svgPicture(session.terminal, 'sample'));
      const { active } = session.terminal.buffer;
      const seen = new Set<string>();
      for (const { text, row, column, starts, columns } of texts) {
        const line = active.getLine(row);
        if (/^[!-~]+$/.test(text)) {
          for (const [index, start] of starts.entries()) {
            expect(start).toBeCloseTo(Math.round(start), 1);
            expect(line?.getCell(Math.round(start))?.getChars()).toBe(text[index]);
            seen.add(`${row}:${Math.round(start)}`);
          }
          expect(columns / text.length).toBeLessThan(1.1);
        } else {
          const cells = [...Array(session.terminal.cols).keys()].filter(
            (at) => line?.getCell(at)?.getChars() === text,
          );
          const middle = (at: number) => at + (line?.getCell(at)?.getWidth() ?? 1) / 2;
          const own = cells.find((at) => Math.abs(middle(at) - (column + columns / 2)) < 0.1);
          expect(own, `${text} in row ${row} is centred on a cell that holds it`).toBeDefined();
          expect(columns).toBeLessThan((line?.getCell(own ?? 0)?.getWidth() ?? 1) + 0.8);
          seen.add(`${row}:${own}`);
        }
      }
      const isDrawnAsText = (characters: string): boolean => !/^[\s─-╿▀-▐]*$/.test(characters);
      for (let row = 0; row < session.terminal.rows; row++)
        for (let column = 0; column < session.terminal.cols; column++) {
          const characters = active.getLine(row)?.getCell(column)?.getChars() ?? '';
          if (isDrawnAsText(characters))
            expect(seen, `${characters} of row ${row}`).toContain(`${row}:${column}`);
        }
    } finally {
      await session.close();
    }
  });

  it('joins the lines of a box', async () => {
    const session = await terminalWith('╭──╮\r\n│╰┼╯│\r\nEND', 10, 3);
    try {
      const svg = svgPicture(session.terminal, 'box');
      const paths = await evaluateInChromium(
        svg,
        `return [...document.querySelectorAll('svg path')].map((path) => { const { x, y, width, height } = path.getBBox(); return [x, y, width, height]; });`,
      );
      expect(paths).toEqual([
        [20, 24.5, 4, 8.5],
        [24, 24.5, 16, 0],
        [40, 24.5, 4, 8.5],
        [20, 33, 0, 17],
        [28, 33, 4, 8.5],
        [32, 33, 8, 17],
        [40, 33, 4, 8.5],
        [52, 33, 0, 17],
      ]);
    } finally {
      await session.close();
    }
  });

  it.each(['hq-tui.svg', 'hq-restart.svg'])(
    'docs/%s stretches no text and keeps every column',
    async (name) => {
      const svg = await read(name);
      expect(svg).not.toMatch(/textLength|<script|href=/);
      const texts = await measured(svg);
      expect(texts.length).toBeGreaterThan(40);
      for (const { text, starts, columns } of texts) {
        if (!/^[!-~]+$/.test(text)) continue;
        for (const [index, start] of starts.entries()) expect(start).toBeCloseTo((starts[0] ?? 0) + index, 1);
        expect(columns / text.length).toBeLessThan(1.1);
      }
    },
  );

  it('moves, and stands still for a reader who wants no motion', async () => {
    const svg = await read('hq-restart.svg');
    expect((await stat(join(docs, 'hq-restart.svg'))).size).toBeLessThan(500_000);
    const count = 'return document.getAnimations().length';
    expect(await evaluateInChromium(svg, count)).toBeGreaterThan(10);
    expect(await evaluateInChromium(svg, count, ['--force-prefers-reduced-motion'])).toBe(0);
  });

  it('shows the frame of its time, and the still frame without motion', async () => {
    const frames = [];
    for (const [index, text] of ['one', 'two', 'six'].entries()) {
      const session = await terminalWith(`same\r\n${text}\r\nEND`, 10, 3);
      frames.push({ atMs: index * 1000, rows: drawTerminal(session.terminal) });
      await session.close();
    }
    const options = { title: 't', columns: 10, rows: 3, still: 2, longestMs: 1000, endMs: 1000 };
    const svg = svgAnimation(frames, options);
    const seen = `[...document.querySelectorAll('svg text')]
      .filter((text) => getComputedStyle(text).visibility === 'visible').map((text) => text.textContent)`;
    const seenAt = `return [500, 1500, 2500].map((ms) => {
      for (const animation of document.getAnimations()) { animation.pause(); animation.currentTime = ms; }
      return ${seen};
    })`;
    const still = ['same', 'END', 'six'];
    expect(await evaluateInChromium(svg, seenAt)).toEqual([
      ['same', 'one', 'END'],
      ['same', 'END', 'two'],
      still,
    ]);
    expect(await evaluateInChromium(svg, `return ${seen}`, ['--force-prefers-reduced-motion'])).toEqual(
      still,
    );
  });
});
