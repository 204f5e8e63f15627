import { stripVTControlCharacters } from 'node:util';
import type { Where } from '../../keymap/bindings.ts';
import { bindingsHere } from '../../keymap/keymap.ts';
import type { Theme } from '../../theme/theme.ts';
import type { Inside } from '../inside.ts';
import type { Message } from '../messages.ts';
import { crumbOf } from '../naming.ts';
import type { Overlay } from '../overlays/overlay.ts';
import { calm, exactly, titleRule } from '../panel.ts';
import { homeOf, type Place } from '../place.ts';
import type { SignInForm } from '../sign-in-form.ts';
import { showField, type TextField } from '../text-field.ts';
import type { Body, RowsAt } from '../view.ts';
import { keysLine, messageLine, promptLine } from './footer.ts';
import { identityLine, linkTold, tabsLine } from './header.ts';
import { linear } from './spoken.ts';

export interface FrameParts {
  readonly size: { readonly columns: number; readonly rows: number };
  readonly theme: Theme;
  readonly host: string;
  readonly isReadonly: boolean;
  readonly localNow: number;
  /** Null until somebody is signed in. */
  readonly inside: Inside | null;
  readonly form: SignInForm | null;
  readonly doorError: string | null;
  readonly trail: readonly Place[];
  readonly here: readonly Where[];
  readonly message: Message | null;
  readonly filter: TextField | null;
  readonly overlay: Overlay | null;
}

/** What is on the screen: exactly as many lines as the terminal has, each exactly as wide. */
export interface Frame {
  readonly columns: number;
  readonly rows: number;
  readonly lines: readonly string[];
  readonly overlay: OverlayAt | null;
  /** Where the body begins, for the mouse. */
  readonly bodyTop: number;
  readonly rowsAt: RowsAt | null;
  /** The body as plain text, for the clipboard and for screen readers. */
  readonly text: string;
  /** What a screen reader says; the drawn lines where it is not told. */
  readonly spoken: readonly string[] | null;
  readonly spokenOverlay: readonly string[] | null;
}

interface OverlayAt {
  readonly left: number;
  readonly top: number;
  readonly lines: readonly string[];
}

const smallest = { columns: 60, rows: 16 };
const headerLines = 3;
const footerLines = 2;

export function frameOf(parts: FrameParts): Frame {
  const { size, theme, inside } = parts;
  const { columns, rows } = size;
  if (columns < smallest.columns || rows < smallest.rows) {
    const told = [`HQ needs ${smallest.columns} × ${smallest.rows}.`, `This is ${columns} × ${rows}.`];
    return frame(parts, calm(told, columns, rows, theme), 0, null);
  }
  if (inside === null)
    return { ...frame(parts, outside(parts), 0, null), spoken: parts.form?.spoken ?? null };
  const context = inside.context();
  inside.update(context);
  const room = { width: columns, height: rows - headerLines - footerLines, theme };
  const body: Body = inside.body(context, room);
  const home = homeOf(parts.trail[0]?.screen ?? 'fleet');
  const newAlerts = inside
    .openAlerts()
    .filter(({ read_at, resolved_at }) => read_at === null && resolved_at === null).length;
  const link = linkTold(inside.link(), parts.localNow, theme);
  const lines = [
    identityLine(
      { member: inside.house.member, host: parts.host, isReadonly: parts.isReadonly },
      link,
      columns,
      theme,
    ),
    tabsLine(home, newAlerts, columns, theme),
    titleRule(crumbs(parts, inside), note(inside, theme), columns, theme),
    ...body.lines,
    messageLine(parts.message, columns, theme),
    parts.filter === null
      ? keysLine(bindingsHere(parts.here), parts.isReadonly, columns, theme)
      : promptLine(' / ', showField(parts.filter, columns - 4), columns, theme),
  ];
  const drawn = frame(parts, exactly(lines, rows, columns), headerLines, body.rows);
  const [who, , title, ...rest] = lines.map(linear);
  const told = body.spoken === undefined ? rest : [...body.spoken, ...rest.slice(-footerLines)];
  return { ...drawn, spoken: [`${title}`, ...told, `${who}`] };
}

function frame(parts: FrameParts, lines: readonly string[], bodyTop: number, rowsAt: RowsAt | null): Frame {
  const { columns, rows } = parts.size;
  const body = lines.slice(bodyTop, bodyTop === 0 ? rows : rows - footerLines);
  return {
    columns,
    rows,
    lines,
    overlay: overlayAt(parts),
    bodyTop,
    rowsAt,
    text: body.map((each) => stripVTControlCharacters(each).trimEnd()).join('\n'),
    spoken: null,
    spokenOverlay: parts.overlay?.spoken ?? null,
  };
}

function overlayAt({ overlay, size, theme }: FrameParts): OverlayAt | null {
  if (overlay === null || size.columns < smallest.columns || size.rows < smallest.rows) return null;
  const drawn = overlay.draw({ width: size.columns, height: size.rows }, theme);
  const lines = drawn.lines.slice(0, size.rows);
  return {
    lines,
    left: Math.max(0, Math.floor((size.columns - drawn.width) / 2)),
    top: Math.max(0, Math.floor((size.rows - lines.length) / 3)),
  };
}

/** Before anyone is in: the form, or why it takes so long. */
function outside({ size, theme, host, form, doorError, isReadonly }: FrameParts): string[] {
  const { columns, rows } = size;
  const head = identityLine({ member: null, host, isReadonly }, null, columns, theme);
  const keys = form === null ? ' q quit' : ' tab next field   enter sign in   ctrl-c quit';
  const told = doorError === null ? [`Opening ${host}`] : [doorError, 'Trying again every few seconds.'];
  const body = form === null ? calm(told, columns, rows - 2, theme) : form.draw(columns, rows - 2, theme);
  return exactly(
    [head, ...body, theme.paint('dim', keys) + ' '.repeat(Math.max(0, columns - keys.length))],
    rows,
    columns,
  );
}

function crumbs({ trail, theme }: FrameParts, inside: Inside): string {
  return trail.map((place) => crumbOf(place, inside)).join(` ${theme.crumb} `);
}

/** How many rows, by which filter, in which order. */
function note(inside: Inside, theme: Theme): string {
  const list = inside.list();
  if (list === null) return '';
  const count = list.filter === '' ? String(list.total) : `${list.rows.length} of ${list.total}`;
  const filter = list.filter === '' ? '' : `/${list.filter}`;
  const title = list.table.columns.find(({ key }) => key === list.sort?.column)?.header.toLowerCase();
  const order = title === undefined ? '' : `${title} ${list.sort?.descending ? theme.down : theme.up}`;
  return [filter, count, order].filter((part) => part !== '').join(' · ');
}

/** Whether two frames look the same. */
export function sameFrame(a: Frame, b: Frame): boolean {
  return (
    a.columns === b.columns &&
    a.rows === b.rows &&
    a.overlay?.left === b.overlay?.left &&
    a.overlay?.top === b.overlay?.top &&
    sameLines(a.lines, b.lines) &&
    sameLines(a.overlay?.lines ?? [], b.overlay?.lines ?? [])
  );
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
