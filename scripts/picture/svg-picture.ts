import type { ScreenSession } from '../../tui/testing/screen-session.ts';
import { background, foreground } from './colours.ts';
import { cell, drawRow, escapeXml, padding } from './draw-row.ts';
import { terminalRuns } from './terminal-runs.ts';

type Terminal = ScreenSession['terminal'];

/** Returns the picture of what a terminal shows now. */
export function svgPicture(terminal: Terminal, title: string): string {
  return svgDocument(title, terminal.cols, terminal.rows, drawTerminal(terminal).join('\n'));
}

/** Returns the SVG elements of each row of a terminal. */
export function drawTerminal(terminal: Terminal): readonly string[] {
  return Array.from({ length: terminal.rows }, (_, row) => drawRow(terminalRuns(terminal, row), row));
}

/** Returns the document around the rows of a terminal. */
export function svgDocument(title: string, columns: number, rows: number, content: string): string {
  const [width, height] = [columns * cell.width + 2 * padding, rows * cell.height + 2 * padding];
  const name = escapeXml(title);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${name}">
<title>${name}</title>
<rect width="100%" height="100%" rx="10" fill="${background}"/>
<g font-family="ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${cell.fontSize}" fill="${foreground}">
${content.replace(/\n+/g, '\n').trim()}
</g>
</svg>
`;
}
