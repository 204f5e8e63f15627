import { plain, plainLines, truncate, truncateStart } from '@hq/shared/text';
import type { Card, Field, TextNode, Tone } from '../../../contract/card.ts';
import { type EntityText, EntityWriter } from './entity-text.ts';
import { defuseMentions } from './markup.ts';

/** Telegram takes 4096 UTF-16 units. A head and some 330 units at the end leave room for a body of `maxBody`. */
const maxText = 4096;
const maxHead = 900;
export const maxBody = 2800;

const signs: Readonly<Record<Tone, string>> = { neutral: '', good: '✔ ', warning: '⚠ ', bad: '✖ ' };

/**
 * Renders a card as text with entities: Telegram parses no markup in it. `isEdit`: it replaces a message, and so
 * cannot ask for a reply.
 */
export function renderCard(card: Card, { isEdit = false }: { readonly isEdit?: boolean } = {}): EntityText {
  const tail = renderTail(card, isEdit);
  const writer = new EntityWriter();
  writer.add(signs[card.tone]);
  writer.add(line(card.title, 200) || 'HQ', 'bold');
  if (card.state !== undefined && card.state !== '') writer.add(`\n${line(card.state, 200)}`);
  const fields = card.fields ?? [];
  if (fields.length > 0) writer.add('\n');
  for (const field of fields) addField(writer, field, maxHead - writer.length);
  addBody(writer, card.body ?? [], maxText - tail.length - writer.length - 4);
  if (tail !== '') writer.add(`\n\n${tail}`);
  return writer.finish();
}

function renderTail({ stamp, footer, page, question, buttons }: Card, isEdit: boolean): string {
  // A message with buttons cannot ask for a reply either.
  const needsReplyHint = question !== undefined && (isEdit || (buttons ?? []).length > 0);
  const lines = [
    line(stamp ?? '', 120),
    line(footer ?? '', 120),
    page === undefined || page.of < 2 ? '' : `Page ${page.number} of ${page.of}`,
    needsReplyHint ? 'Reply to this message to answer.' : '',
  ];
  return lines.filter((each) => each !== '').join('\n');
}

function addField(writer: EntityWriter, { label, value }: Field, room: number): void {
  const name = line(label, 60);
  const valueRoom = room - name.length - 3;
  if (valueRoom < 10) return;
  writer
    .add(`\n`)
    .add(`${name}:`, 'bold')
    .add(` ${line(value, valueRoom)}`);
}

/** Truncates prose at its end and logs at their beginning; the logs share the room that the prose leaves. */
function addBody(writer: EntityWriter, body: readonly TextNode[], room: number): void {
  const parts = toParts(body);
  if (parts.length === 0 || room < 20) return;
  const logs = parts.filter(({ kind }) => kind === 'log').length;
  const prose = parts.reduce((sum, { kind, text }) => sum + (kind === 'log' ? 2 : text.length), 2);
  const share = logs === 0 ? 0 : Math.floor(Math.max(room - prose, room / 2) / logs) - 2;
  const end = writer.length + room;
  writer.add('\n');
  let isOnNewLine = false;
  for (const { kind, text: original, type } of parts) {
    const text = writer.isFull ? defuseMentions(original) : original;
    if (kind === 'log' || !isOnNewLine) writer.add('\n');
    isOnNewLine = kind !== 'log';
    const left = end - writer.length;
    if (left < 2) return;
    writer.add(kind === 'log' ? truncateStart(text, Math.min(share, left)) : truncate(text, left), type);
  }
}

interface Part {
  readonly kind: TextNode['kind'];
  readonly text: string;
  readonly type: 'bold' | 'code' | 'pre' | undefined;
}

/** Drops blank text, save a line break between prose. */
function toParts(body: readonly TextNode[]): Part[] {
  const parts = body
    .map(toPart)
    .filter(({ kind, text }) => text.trim() !== '' || (kind === 'text' && text !== ''));
  const isProse = (part: Part | undefined): boolean =>
    part !== undefined && part.kind !== 'log' && part.text.trim() !== '';
  const shown = parts.filter(
    (part, at) => part.text.trim() !== '' || (isProse(parts[at - 1]) && isProse(parts[at + 1])),
  );
  const last = shown.pop();
  return last === undefined ? [] : [...shown, { ...last, text: last.text.trimEnd() }];
}

/** Telegram finds no mentions in code and logs, so their text stays unchanged and can be copied. */
function toPart(node: TextNode): Part {
  switch (node.kind) {
    case 'log':
      return { kind: 'log', text: plainLines(node.text).replace(/^\n+|\s+$/gu, ''), type: 'pre' };
    case 'code':
      return { kind: 'code', text: plain(node.text), type: 'code' };
    case 'text':
      return {
        kind: 'text',
        text: defuseMentions(node.text),
        type: node.strong === true ? 'bold' : undefined,
      };
  }
}

function line(text: string, limit: number): string {
  return truncate(defuseMentions(plain(text)), limit);
}
