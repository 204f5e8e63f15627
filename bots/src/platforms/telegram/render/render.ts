import { chatLine, truncate } from '@hq/shared/text';
import type { Card, Field, TextNode, Tone } from '../../../contract/card.ts';
import { fitBody } from '../../fit-text.ts';
import { type EntityText, EntityWriter } from './entity-text.ts';
import { defuseMentions } from './markup.ts';

/** Telegram takes 4096 UTF-16 units. A head and some 380 units at the end leave room for a body of `maxBody`. */
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
    line(footer ?? '', 200),
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

/** Starts a new line before the first prose and around each log. */
function addBody(writer: EntityWriter, body: readonly TextNode[], room: number): void {
  const fitting = fitBody(body, room - 2, (node) => defused(node).length + (node.kind === 'log' ? 2 : 0));
  // Blank text counts between prose alone, as a line break.
  const isProse = (node?: TextNode): boolean => node !== undefined && node.kind !== 'log';
  const nodes = fitting.filter(
    (node, at) => node.text.trim() !== '' || (isProse(fitting[at - 1]) && isProse(fitting[at + 1])),
  );
  const last = nodes.pop();
  if (last === undefined) return;
  nodes.push({ ...last, text: last.text.trimEnd() });
  writer.add('\n');
  for (const [at, node] of nodes.entries()) {
    if (node.kind === 'log' || !isProse(nodes[at - 1])) writer.add('\n');
    const type =
      node.kind === 'log'
        ? 'pre'
        : node.kind === 'code'
          ? 'code'
          : node.kind === 'text' && node.strong === true
            ? 'bold'
            : undefined;
    // Telegram finds no mentions in code and logs, so their text stays unchanged and can be copied.
    writer.add(node.kind === 'text' || writer.isFull ? defused(node) : node.text, type);
  }
}

const defused = ({ text }: TextNode): string => defuseMentions(text);

function line(text: string, limit: number): string {
  return truncate(defuseMentions(chatLine(text)), limit);
}
