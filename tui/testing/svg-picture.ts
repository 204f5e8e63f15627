import type { ScreenSession } from './screen-session.ts';

const cell = { width: 8.4, height: 18 };
const padding = 16;
const ground = '#15171c';
const plain = '#d6d9e0';

/** The sixteen colours that a picture gives a terminal; the terminal of a reader has its own. */
const ansi = [
  '#23262e',
  '#e06c75',
  '#8cc570',
  '#d9b45f',
  '#6ea8e5',
  '#c08ae0',
  '#5fbfc5',
  '#d6d9e0',
  '#6b7280',
  '#f07178',
  '#a5d98a',
  '#eccb7a',
  '#8dbef2',
  '#d3a6ee',
  '#80d6da',
  '#ffffff',
] as const;

function colourOf(index: number): string {
  const named = ansi[index];
  if (named !== undefined) return named;
  if (index >= 232) return grey(8 + (index - 232) * 10);
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}

function grey(level: number): string {
  return `rgb(${level},${level},${level})`;
}

interface Look {
  readonly text: string;
  readonly ground: string | null;
  readonly isBold: boolean;
  readonly isDim: boolean;
}

interface Run extends Look {
  readonly column: number;
  readonly columns: number;
  readonly characters: string;
}

/** What a terminal shows, as a picture: its own cells and colours, and nothing else. */
export function svgPicture(session: ScreenSession, title: string): string {
  const { cols, rows, buffer } = session.terminal;
  const [width, height] = [cols * cell.width + 2 * padding, rows * cell.height + 2 * padding];
  const parts: string[] = [];
  for (let row = 0; row < rows; row++) {
    const line = buffer.active.getLine(buffer.active.baseY + row);
    if (line === undefined) continue;
    const runs: Run[] = [];
    for (let column = 0; column < cols; column++) {
      const at = line.getCell(column);
      // The second half of a wide character has no width of its own.
      if (at === undefined || at.getWidth() === 0) continue;
      const isTurned = at.isInverse() !== 0;
      const own = at.isFgDefault() ? plain : colourOf(at.getFgColor());
      const behind = at.isBgDefault() ? null : colourOf(at.getBgColor());
      const look: Look = {
        text: isTurned ? (behind ?? ground) : own,
        ground: isTurned ? own : behind,
        isBold: at.isBold() !== 0,
        isDim: at.isDim() !== 0,
      };
      const characters = at.getChars() || ' ';
      const last = runs.at(-1);
      if (last !== undefined && sameLook(last, look) && joins(last.characters, characters)) {
        runs[runs.length - 1] = {
          ...last,
          columns: last.columns + 1,
          characters: last.characters + characters,
        };
      } else runs.push({ ...look, column, columns: at.getWidth(), characters });
    }
    for (const run of runs) parts.push(...drawRun(run, row));
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" role="img" aria-label="${escapeXml(title)}">
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" rx="10" fill="${ground}"/>
<g font-family="ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">
${parts.join('\n')}
</g>
</svg>
`;
}

function drawRun(run: Run, row: number): string[] {
  const [x, y] = [padding + run.column * cell.width, padding + row * cell.height];
  const parts: string[] = [];
  if (run.ground !== null) {
    parts.push(
      `<rect x="${round(x)}" y="${round(y)}" width="${round(run.columns * cell.width)}" height="${cell.height}" fill="${run.ground}" shape-rendering="crispEdges"/>`,
    );
  }
  if (run.characters.trim() !== '') {
    const weight = run.isBold ? ' font-weight="600"' : '';
    const dim = run.isDim ? ' opacity="0.6"' : '';
    // The length is given, so that every font keeps to the cells.
    parts.push(
      `<text x="${round(x)}" y="${round(y + 13.5)}" textLength="${round(run.columns * cell.width)}" lengthAdjust="spacingAndGlyphs" fill="${run.text}"${weight}${dim}>${escapeXml(run.characters)}</text>`,
    );
  }
  return parts;
}

/** Fonts agree on the widths of ASCII, and a character repeated is as wide as it is often; other signs stand alone. */
function joins(before: string, next: string): boolean {
  const isAscii = (text: string): boolean => text.charCodeAt(0) <= 0x7e;
  return isAscii(before) ? isAscii(next) : next === before[0] && next === '─';
}

function sameLook(a: Look, b: Look): boolean {
  return a.text === b.text && a.ground === b.ground && a.isBold === b.isBold && a.isDim === b.isDim;
}

function round(length: number): string {
  return String(Math.round(length * 10) / 10);
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
