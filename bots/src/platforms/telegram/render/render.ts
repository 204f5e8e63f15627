import { plain } from '@hq/shared/text';
import type { Card, Field, TextNode, Tone } from '../../../contract/card.ts';
import { truncateEnd, truncateStart } from '../truncate.ts';
import { type EntityText, EntityWriter } from './entity-text.ts';
import { defuseMentions, sanitizeLines } from './markup.ts';

/** Telegram takes 4096 UTF-16 units. */
const mostText = 4096;
/** What is around the body takes this at most, and some 330 at its end, so that a body of `mostBody` always has its place. */
const mostHead = 900;
export const maxBody = 2800;

const signs: Readonly<Record<Tone, string>> = { neutral: '', good: '✔ ', warning: '⚠ ', bad: '✖ ' };

/**
 * A card as a text with entities: no markup is parsed, so nothing in it can become markup. `isEdit`: it takes the place of a message that is
 * there, and such a one cannot point the keyboard at itself.
 */
export function renderCard(card: Card, { isEdit = false }: { readonly isEdit?: boolean } = {}): EntityText {
  const tail = renderTail(card, isEdit);
  const writer = new EntityWriter();
  writer.add(signs[card.tone]);
  writer.add(line(card.title, 200) || 'HQ', 'bold');
  if (card.state !== undefined && card.state !== '') writer.add(`\n${line(card.state, 200)}`);
  const fields = card.fields ?? [];
  if (fields.length > 0) writer.add('\n');
  for (const field of fields) addField(writer, field, mostHead - writer.length);
  addBody(writer, card.body ?? [], mostText - tail.length - writer.length - 4);
  if (tail !== '') writer.add(`\n\n${tail}`);
  return writer.done();
}

function renderTail({ stamp, footer, page, question, buttons }: Card, isEdit: boolean): string {
  // With buttons below it, a message cannot point the keyboard at itself either.
  const isUnpointed = question !== undefined && (isEdit || (buttons ?? []).length > 0);
  const lines = [
    line(stamp ?? '', 120),
    line(footer ?? '', 120),
    page === undefined || page.of < 2 ? '' : `Page ${page.number} of ${page.of}`,
    isUnpointed ? 'Reply to this message to answer.' : '',
  ];
  return lines.filter((each) => each !== '').join('\n');
}

function addField(writer: EntityWriter, { label, value }: Field, room: number): void {
  const name = line(label, 60);
  const most = room - name.length - 3;
  if (most < 10) return;
  writer
    .add(`\n`)
    .add(`${name}:`, 'bold')
    .add(` ${line(value, most)}`);
}

/** Prose is kept from its beginning, logs from their end, and logs share what the prose leaves. */
function addBody(writer: EntityWriter, body: readonly TextNode[], room: number): void {
  const nodes = shownNodes(body);
  if (nodes.length === 0 || room < 20) return;
  const logs = nodes.filter(({ node }) => node.kind === 'log').length;
  const prose = nodes.reduce((sum, { node, text }) => sum + (node.kind === 'log' ? 2 : text.length), 2);
  const share = logs === 0 ? 0 : Math.floor(Math.max(room - prose, room / 2) / logs) - 2;
  const end = writer.length + room;
  writer.add('\n');
  let isOnNewLine = false;
  for (const { node, text: written } of nodes) {
    const text = writer.isFull ? defuseMentions(written) : written;
    const isLog = node.kind === 'log';
    if (isLog || !isOnNewLine) writer.add('\n');
    isOnNewLine = true;
    const left = end - writer.length;
    if (left < 2) return;
    if (isLog) {
      writer.add(truncateStart(text, Math.min(share, left)), 'pre');
      isOnNewLine = false;
    } else if (node.kind === 'code') {
      writer.add(truncateEnd(text, left), 'code');
    } else {
      writer.add(truncateEnd(text, left), node.strong === true ? 'bold' : undefined);
    }
  }
}

interface ShownNode {
  readonly node: TextNode;
  readonly text: string;
}

/** Blank prose between other prose is the line end of a list; anywhere else it is nothing. */
function shownNodes(body: readonly TextNode[]): ShownNode[] {
  const nodes = body
    .map((node) => ({ node, text: readable(node) }))
    .filter(({ node, text }) => text.trim() !== '' || (node.kind === 'text' && text !== ''));
  const isProse = (one: ShownNode | undefined): boolean =>
    one !== undefined && one.node.kind !== 'log' && one.text.trim() !== '';
  const shown = nodes.filter(
    (one, at) => one.text.trim() !== '' || (isProse(nodes[at - 1]) && isProse(nodes[at + 1])),
  );
  const last = shown.pop();
  return last === undefined ? [] : [...shown, { ...last, text: last.text.trimEnd() }];
}

/** In code and logs nothing is alive, so their words stay as they are and can be copied. */
function readable(node: TextNode): string {
  if (node.kind === 'log') return sanitizeLines(node.text).replace(/^\n+|\s+$/gu, '');
  return node.kind === 'code' ? plain(node.text) : defuseMentions(node.text);
}

function line(text: string, most: number): string {
  return truncateEnd(defuseMentions(plain(text)), most);
}
