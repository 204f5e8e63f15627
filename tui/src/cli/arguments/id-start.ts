import { HqError } from '@hq/shared/errors';
import { idLengthOf } from '../../columns/short-id.ts';

interface Identified {
  readonly id: string;
}

/** The start of an id, with or without its dashes. */
export interface IdStart {
  begins(id: string): boolean;
  /** The lowest and the highest id that begin so. */
  readonly range: readonly [first: string, last: string];
}

const idLength = 32;
/** An ambiguous start is answered with at most this many rows. */
const mostCandidates = 5;

/** Reads an id or its first four characters or more; null for any other text. */
export function readIdStart(text: string): IdStart | null {
  const hex = text.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]{4,32}$/.test(hex)) return null;
  return {
    begins: (id) => id.replaceAll('-', '').startsWith(hex),
    range: [withDashes(hex.padEnd(idLength, '0')), withDashes(hex.padEnd(idLength, 'f'))],
  };
}

/** Writes an id with its dashes: the local API takes one of digits alone for a number. */
function withDashes(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Finds the one row whose id begins with a text. `lists` names the command that shows the ids. */
export async function findByIdStart<Row extends Identified>(
  text: string,
  kind: 'command' | 'link',
  lists: string,
  read: (range: IdStart['range']) => Promise<readonly Row[]>,
  describe: (row: Row) => string,
): Promise<Row> {
  const start = readIdStart(text);
  if (start === null) {
    throw new HqError('usage', `“${text}” is not the id of a ${kind}.`, {
      hint: `Give the id or its first 4 characters or more, as \`${lists}\` shows it.`,
    });
  }
  const rows = (await read(start.range)).filter(({ id }) => start.begins(id));
  if (rows.length > 0) return onlyOne(rows, text, kind, describe);
  throw new HqError('not_found', `No ${kind} has an id that begins with ${text}.`, {
    hint: `\`${lists}\` lists them.`,
  });
}

/** Returns the only row. Fails with `usage` and the candidates where there are several. */
export function onlyOne<Row extends Identified>(
  rows: readonly Row[],
  text: string,
  kind: string,
  describe: (row: Row) => string,
): Row {
  const [only, other] = rows;
  if (only !== undefined && other === undefined) return only;
  const length = idLengthOf(rows);
  const candidates = rows
    .slice(0, mostCandidates)
    .map((row) => `${row.id.slice(0, length)} ${describe(row)}`);
  const more = rows.length > mostCandidates ? ', …' : '';
  throw new HqError('usage', `Several ${kind}s have an id that begins with ${text}.`, {
    hint: `Give more of it: ${candidates.join(', ')}${more}.`,
  });
}
