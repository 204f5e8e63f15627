import { chatLine, chatLines, truncate } from '@hq/shared/text';
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
  MessageFlags,
} from 'discord-api-types/v10';
import type { Button, Card, Field, TextNode } from '../../../contract/card.ts';
import { fitBody } from '../../fit-text.ts';
import { bold, codeBlock, escapeLine, escapeMarkup, fitRendered, inlineCode } from './markup.ts';

/** A message for sending and for editing: an empty part removes the earlier one. */
export interface Rendered {
  readonly content: string;
  readonly embeds: APIEmbed[];
  readonly components: APIActionRowComponent<APIButtonComponentWithCustomId>[];
  readonly allowed_mentions: { readonly parse: [] };
  readonly flags: number;
}

const limits = {
  titleLine: 600,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  allFields: 2400,
  footer: 500,
  embed: 6000,
  label: 80,
  buttonsInRow: 5,
  rows: 5,
};

export const maxButtons = limits.rows * limits.buttonsInRow;

const colours = { neutral: null, good: 0x2e7d32, warning: 0xb26a00, bad: 0xc62828 } as const;
const buttonStyles = {
  plain: ButtonStyle.Secondary,
  primary: ButtonStyle.Primary,
  danger: ButtonStyle.Danger,
} as const;
/** The state of a card that has none in words, so that colour is never its only sign. */
const stateOf = { neutral: undefined, good: undefined, warning: 'warning', bad: 'problem' } as const;

/**
 * Renders one line for notifications and screen readers, and the rest as an embed, which mentions nobody and shows no
 * previews.
 */
export function renderCard(card: Card): Rendered {
  const embed = renderEmbed(card);
  return {
    content: titleLine(card),
    embeds: embed ? [embed] : [],
    components: renderButtons(card.buttons ?? []),
    allowed_mentions: { parse: [] },
    flags: embed ? 0 : MessageFlags.SuppressEmbeds,
  };
}

/** Renders a sentence without a card. */
export function renderNote(text: string): Rendered {
  return {
    content: fitRendered(chatLine(text) || '—', limits.titleLine, escapeLine),
    embeds: [],
    components: [],
    allowed_mentions: { parse: [] },
    flags: MessageFlags.SuppressEmbeds,
  };
}

function titleLine({ title, state, tone }: Card): string {
  const head = fitRendered(chatLine(title) || '—', limits.titleLine, (text) => `**${escapeLine(text)}**`);
  const words = chatLine(state ?? stateOf[tone] ?? '');
  return words === '' ? head : `${head} — ${fitRendered(words, limits.titleLine, escapeLine)}`;
}

function renderEmbed(card: Card): APIEmbed | null {
  const footer = truncate(
    [card.stamp, card.footer, card.page && `page ${card.page.number} of ${card.page.of}`]
      .map((text) => chatLine(text ?? ''))
      .filter((text) => text !== '')
      .join(' · '),
    limits.footer,
  );
  const fields = renderFields(card.fields ?? []);
  const taken = footer.length + fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
  const description = renderBody(card.body ?? [], Math.min(limits.description, limits.embed - taken));
  if (description === '' && fields.length === 0 && footer === '') return null;
  const color = colours[card.tone];
  return {
    ...(color !== null && { color }),
    ...(description !== '' && { description }),
    ...(fields.length > 0 && { fields }),
    ...(footer !== '' && { footer: { text: footer } }),
  };
}

function renderFields(fields: readonly Field[]): { name: string; value: string; inline: boolean }[] {
  const shown = [];
  let room = limits.allFields;
  for (const { label, value, wide = false } of fields.slice(0, limits.fields)) {
    const name = fitRendered(chatLine(label) || '—', Math.min(limits.fieldName, room), escapeLine);
    const valueRoom = Math.min(limits.fieldValue, room - name.length);
    const text = fitRendered(chatLines(value) || '—', valueRoom, escapeMarkup);
    if (name === '' || text === '') break;
    room -= name.length + text.length;
    shown.push({ name, value: text, inline: !wide });
  }
  return shown;
}

/** Joins prose to paragraphs between the logs. */
function renderBody(body: readonly TextNode[], limit: number): string {
  const paragraphs: string[] = [];
  let isProse = false;
  // Each may need a separator.
  for (const node of fitBody(body, limit, (one) => renderNode(one).length + 1)) {
    const part = renderNode(node);
    const before = isProse && node.kind !== 'log' ? (paragraphs.pop() ?? '') : '';
    // Adjacent code spans would merge.
    paragraphs.push(before.endsWith('`') && part.startsWith('`') ? `${before} ${part}` : before + part);
    isProse = node.kind !== 'log';
  }
  return paragraphs
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join('\n');
}

function renderNode(node: TextNode): string {
  // Discord's own time: it goes on, in the reader's language.
  if (node.kind === 'time') return node.text === '' ? '' : `<t:${Math.floor(node.at / 1000)}:R>`;
  if (node.kind === 'log') return codeBlock(node.text);
  if (node.kind === 'code') return inlineCode(node.text);
  return node.kind === 'text' && node.strong === true ? bold(node.text) : escapeMarkup(node.text);
}

function renderButtons(buttons: readonly Button[]): Rendered['components'] {
  const distinct = [...new Map(buttons.map((button) => [button.token, button])).values()];
  const rendered = distinct.slice(0, maxButtons).map(
    ({ token, label, style }): APIButtonComponentWithCustomId => ({
      type: ComponentType.Button,
      style: buttonStyles[style],
      label: truncate(chatLine(label) || '—', limits.label),
      custom_id: token,
    }),
  );
  return Array.from({ length: Math.ceil(rendered.length / limits.buttonsInRow) }, (_, row) => ({
    type: ComponentType.ActionRow,
    components: rendered.slice(row * limits.buttonsInRow, (row + 1) * limits.buttonsInRow),
  }));
}
