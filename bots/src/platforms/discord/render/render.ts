import { plain, plainLine } from '@hq/shared/text';
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
  MessageFlags,
} from 'discord-api-types/v10';
import type { Button, Card, Field, TextNode } from '../../../contract/card.ts';
import { fitted, truncateEnd, truncateStart } from '../truncate.ts';
import { bold, codeBlock, escapeLine, escapeMarkup, fenceLength, inlineCode } from './markup.ts';

/** A message as Discord takes it, for sending and for editing alike: what is empty takes away what was there. */
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
/** Where a card says nothing in words about what its colour says. */
const stateOf = { neutral: undefined, good: undefined, warning: 'warning', bad: 'problem' } as const;

/**
 * A line that notifications and screen readers tell by itself, and beneath it the rest in an embed, whose words mention
 * nobody and become no previews.
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

/** A sentence without a card around it. */
export function renderNote(text: string): Rendered {
  return {
    content: fitted(plain(text) || '—', limits.titleLine, truncateEnd, escapeLine),
    embeds: [],
    components: [],
    allowed_mentions: { parse: [] },
    flags: MessageFlags.SuppressEmbeds,
  };
}

function titleLine({ title, state, tone }: Card): string {
  const words = fitted(
    plain(title) || '—',
    limits.titleLine,
    truncateEnd,
    (text) => `**${escapeLine(text)}**`,
  );
  const how = plain(state ?? stateOf[tone] ?? '');
  return how === '' ? words : `${words} — ${fitted(how, limits.titleLine, truncateEnd, escapeLine)}`;
}

function renderEmbed(card: Card): APIEmbed | null {
  const footer = truncateEnd(
    [card.stamp, card.footer, card.page && `page ${card.page.number} of ${card.page.of}`]
      .map((text) => plain(text ?? ''))
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
    const name = fitted(plain(label) || '—', Math.min(limits.fieldName, room), truncateEnd, escapeLine);
    const told = fitted(
      clean(value) || '—',
      Math.min(limits.fieldValue, room - name.length),
      truncateEnd,
      escapeMarkup,
    );
    if (name === '' || told === '') break;
    room -= name.length + told.length;
    shown.push({ name, value: told, inline: !wide });
  }
  return shown;
}

/** Prose keeps its beginning and what others wrote its end; each log is left some room, however long the prose is. */
function renderBody(body: readonly TextNode[], length: number): string {
  const blocks = blocksOf(body);
  const logs = blocks.filter((part): part is string => typeof part === 'string');
  const reserved = logs.reduce((sum, log) => sum + Math.min(log.length + fenceLength, 1000) + 1, 0);
  let prose = Math.max(0, length - reserved);
  const drawnProse = blocks.map((part) => {
    if (typeof part === 'string') return '';
    const drawn = renderProse(part, prose);
    prose -= drawn.length + 1;
    return drawn;
  });
  let room = length - drawnProse.reduce((sum, drawn) => sum + (drawn === '' ? 0 : drawn.length + 1), 0);
  let logsLeft = logs.length;
  return blocks
    .map((part, index) => {
      if (typeof part !== 'string') return drawnProse[index] ?? '';
      const share = Math.floor(room / logsLeft) - 1;
      logsLeft -= 1;
      const drawn = fitted(part, share, truncateStart, (text) => (text === '' ? '' : codeBlock(text)));
      room -= drawn.length + 1;
      return drawn;
    })
    .filter((drawn) => drawn !== '')
    .join('\n');
}

type Prose = readonly Exclude<TextNode, { kind: 'log' }>[];

/** The logs as their text, and what stands between them as one paragraph each. */
function blocksOf(body: readonly TextNode[]): readonly (string | Prose)[] {
  const blocks: (string | Exclude<TextNode, { kind: 'log' }>[])[] = [];
  for (const node of body) {
    const last = blocks.at(-1);
    if (node.kind === 'log') {
      const text = block(node.text);
      if (text !== '') blocks.push(text);
    } else if (last === undefined || typeof last === 'string') blocks.push([node]);
    else last.push(node);
  }
  return blocks;
}

function renderProse(nodes: Prose, length: number): string {
  let drawn = '';
  for (const node of nodes) {
    const draw = node.kind === 'code' ? inlineCode : node.strong ? bold : escapeMarkup;
    const part = fitted(clean(node.text), length - drawn.length - 1, truncateEnd, draw);
    // Two pieces of code side by side would read as one.
    drawn += drawn.endsWith('`') && part.startsWith('`') ? ` ${part}` : part;
  }
  return drawn.trim();
}

function renderButtons(buttons: readonly Button[]): Rendered['components'] {
  const distinct = [...new Map(buttons.map((button) => [button.token, button])).values()];
  const drawn = distinct.slice(0, maxButtons).map(
    ({ token, label, style }): APIButtonComponentWithCustomId => ({
      type: ComponentType.Button,
      style: buttonStyles[style],
      label: truncateEnd(plain(label) || '—', limits.label),
      custom_id: token,
    }),
  );
  return Array.from({ length: Math.ceil(drawn.length / limits.buttonsInRow) }, (_, row) => ({
    type: ComponentType.ActionRow,
    components: drawn.slice(row * limits.buttonsInRow, (row + 1) * limits.buttonsInRow),
  }));
}

/** Several lines, each without what could move, hide or turn anything. */
function clean(text: string): string {
  return text.split(/\r?\n/u).map(plainLine).join('\n');
}

function block(text: string): string {
  return clean(text).replace(/^\n+|\s+$/gu, '');
}
