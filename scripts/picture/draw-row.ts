import { boxPath, partOfCell } from './box-drawing.ts';
import type { Run } from './terminal-runs.ts';

/** A cell in pixels. The advance of monospaced fonts is 0.6 em: 8 px at a size of 13.333 px. */
export const cell = { width: 8, height: 17, baseline: 13, fontSize: 13.333 };
export const padding = 16;
const captionColour = '#eccb7a';

/** Returns the SVG elements of a row. Each character has its own x, so no font moves a column. */
export function drawRow(runs: readonly Run[], row: number): string {
  return runs.map((run) => `${drawBackground(run, row)}${drawText(run, row)}`).join('');
}

function drawBackground({ behind, column, columns }: Run, row: number): string {
  if (behind === null) return '';
  return rectangle(left(column), top(row), columns * cell.width, cell.height, `fill="${behind}"`);
}

function drawText(run: Run, row: number): string {
  if (run.text.trim() === '') return '';
  const { column, text, fill } = run;
  const dim = run.isDim ? ' opacity=".6"' : '';
  const box = boxPath(text, left(column), top(row), cell);
  if (box !== undefined) return `<path d="${box}" fill="none" stroke="${fill}"${dim}/>`;
  const part = partOfCell(text);
  if (part !== undefined) {
    const [x, y] = [left(column) + part.x * cell.width, top(row) + part.y * cell.height];
    return rectangle(x, y, part.width * cell.width, part.height * cell.height, `fill="${fill}"${dim}`);
  }
  const weight = run.isBold ? ' font-weight="600"' : '';
  return `<text ${place(run)} y="${top(row) + cell.baseline}" fill="${fill}"${weight}${dim}>${escapeXml(text)}</text>`;
}

/** Returns the line below a terminal of `rows` rows. */
export function drawCaption(text: string, rows: number): string {
  if (text === '') return '';
  return `<text x="${padding}" y="${top(rows) + cell.height + cell.baseline}" fill="${captionColour}">${escapeXml(text)}</text>`;
}

/** ASCII begins at its columns; fonts disagree on the width of anything else, which is centred on its cells. */
function place({ column, columns, text }: Run): string {
  if (!/^[!-~]+$/.test(text)) return `x="${left(column) + (columns * cell.width) / 2}" text-anchor="middle"`;
  return `x="${Array.from(text, (_, index) => left(column + index)).join(' ')}"`;
}

function rectangle(x: number, y: number, width: number, height: number, look: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" ${look} shape-rendering="crispEdges"/>`;
}

function left(column: number): number {
  return padding + column * cell.width;
}

function top(row: number): number {
  return padding + row * cell.height;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
