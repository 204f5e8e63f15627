import type { types } from '@slack/bolt';
import type { Button, Card, Field, TextNode, Tone } from '../../../contract/card.ts';
import { fitBody } from '../../fit-text.ts';
import { textSize } from '../../text-size.ts';
import { escapeMarkup, line } from './markup.ts';

export interface Rendered {
  /** For notifications, screen readers, and as the fallback for blocks. */
  readonly text: string;
  readonly blocks: types.KnownBlock[];
}

/** Slack takes 25 buttons in one block; with their confirmations they would fill the whole message. */
export const maxButtons = 15;
/** The body that always fits, as `capabilities` promise. */
export const maxBody = 3000;

/** In characters. Slack refuses a message whose blocks hold more than about 13,200 together. */
const limits = { message: 12_800, body: 8000, allFields: 3000, fields: 20, text: 3500 };

/** Screen readers name these signs; the words beside them say the same. */
const signs: Readonly<Record<Tone, string>> = { neutral: '', good: '✓ ', warning: '⚠ ', bad: '✗ ' };

/**
 * Renders into `plain_text` and `rich_text`, which have no markup, so that output of an agent can neither mention nor
 * link nor format. Only the fallback text is markup, and it is escaped.
 */
export function renderCard(card: Card): Rendered {
  const title = line(card.title, 150) || 'HQ';
  const state = card.state === undefined ? '' : line(card.state, 200);
  const fields = fieldLines(card.fields ?? []);
  const notes = [
    card.stamp,
    card.page === undefined ? undefined : `Page ${card.page.number} of ${card.page.of}`,
    card.question?.placeholder,
    card.footer,
  ].flatMap((note) => (note === undefined ? [] : line(note, 300) || []));
  const actions = actionsOf(card.buttons ?? []);

  const head: types.KnownBlock[] = [{ type: 'header', text: plainText(title) }];
  if (state !== '')
    head.push(richText([section([{ type: 'text', text: signs[card.tone] + state, style: { bold: true } }])]));
  if (fields.length > 0) head.push(richText(fields.map(fieldSection)));
  const foot: types.KnownBlock[] = [];
  if (notes.length > 0) foot.push({ type: 'context', elements: notes.map(plainText) });
  if (actions !== undefined) foot.push(actions);

  const left = limits.message - textSize([...head, ...foot], ['text']);
  const body = bodyElements(card.body ?? [], Math.min(limits.body, left));
  const blocks = [...head, ...(body.length === 0 ? [] : [richText(body)]), ...foot];

  const fallback = [
    state === '' ? title : `${title.replace(/\.$/u, '')}: ${state}`,
    ...fields.map((field) => `${field.label}: ${field.value}`),
    ...body.map(textOf),
    ...notes,
  ];
  return { text: escapeMarkup(fallback.join('\n'), limits.text), blocks };
}

interface FieldLine {
  readonly label: string;
  readonly value: string;
}

function fieldLines(fields: readonly Field[]): FieldLine[] {
  let left = limits.allFields;
  const kept: FieldLine[] = [];
  for (const field of fields.slice(0, limits.fields)) {
    const label = line(field.label, 80);
    const value = line(field.value, field.wide === true ? 1000 : 300) || '–';
    left -= label.length + value.length;
    if (label === '' || left < 0) break;
    kept.push({ label, value });
  }
  return kept;
}

function fieldSection({ label, value }: FieldLine): types.RichTextSection {
  return section([
    { type: 'text', text: `${label}: `, style: { bold: true } },
    { type: 'text', text: value },
  ]);
}

type BodyElement = types.RichTextSection | types.RichTextPreformatted;

/** Joins prose and code into one section; each log is a block of its own. */
function bodyElements(nodes: readonly TextNode[], room: number): BodyElement[] {
  const elements: BodyElement[] = [];
  for (const node of fitBody(nodes, room)) {
    const last = elements.at(-1);
    if (node.kind === 'log') {
      const lines = { type: 'text', text: node.text } as const;
      elements.push({ type: 'rich_text_preformatted', elements: [lines] });
    } else {
      const prose = last?.type === 'rich_text_section' ? last : section([]);
      if (prose !== last) elements.push(prose);
      prose.elements.push(pieceOf(node));
    }
  }
  return elements.filter((element) => textOf(element).trim() !== '');
}

/** Slack shows a date in the reader's language and time zone, and how long ago it is at the moment of reading. */
function pieceOf(node: Exclude<TextNode, { kind: 'log' }>): types.RichTextElement {
  const { kind, text } = node;
  if (kind === 'time') {
    return { type: 'date', timestamp: Math.floor(node.at / 1000), format: '{ago}', fallback: text };
  }
  const style = kind === 'code' ? { code: true } : node.strong === true ? { bold: true } : undefined;
  return { type: 'text', text, ...(style && { style }) };
}

function actionsOf(buttons: readonly Button[]): types.ActionsBlock | undefined {
  const shown = buttons.slice(0, maxButtons);
  if (shown.length === 0) return undefined;
  return { type: 'actions', block_id: 'hq_actions', elements: shown.map(buttonElement) };
}

function buttonElement(button: Button, at: number): types.Button {
  const label = line(button.label, 75) || 'Continue';
  return {
    type: 'button',
    action_id: `hq_press_${at}`,
    text: plainText(label),
    value: button.token,
    accessibility_label: label,
    ...(button.style === 'plain' ? {} : { style: button.style }),
  };
}

export function plainText(text: string): types.PlainTextElement {
  return { type: 'plain_text', text, emoji: false };
}

function richText(elements: types.RichTextBlock['elements']): types.RichTextBlock {
  return { type: 'rich_text', elements };
}

function section(elements: types.RichTextElement[]): types.RichTextSection {
  return { type: 'rich_text_section', elements };
}

function textOf(element: BodyElement): string {
  return element.elements
    .map((piece) =>
      piece.type === 'text' ? piece.text : piece.type === 'date' ? (piece.fallback ?? '') : '',
    )
    .join('');
}
