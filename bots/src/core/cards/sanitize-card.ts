import { plain, plainLine, type Redactor } from '@hq/shared/text';
import type { Card, TextNode } from '../../contract/card.ts';

/** What titles and labels are cut to, long before any platform's own limit. */
const longestLine = 240;
const longestBody = 100_000;

/** A card as it may leave: nothing in it that hides, turns or escapes, and no secret. */
export function sanitizeCard(card: Card, redactor: Pick<Redactor, 'text'>): Card {
  // Cleaned first: a sign that is not seen must not keep a secret from being known.
  const line = (text: string, limit = longestLine): string => truncate(redactor.text(plain(text)), limit);
  const block = (text: string): string => sanitizeBlock(text, redactor);
  return {
    title: line(card.title),
    tone: card.tone,
    ...(card.state !== undefined && { state: line(card.state) }),
    ...(card.fields !== undefined && {
      fields: card.fields.map((field) => ({
        ...field,
        label: line(field.label, 60),
        value: truncate(block(field.value), 1000),
      })),
    }),
    ...(card.body !== undefined && {
      body: card.body.map((node): TextNode => ({ ...node, text: block(node.text) })),
    }),
    ...(card.buttons !== undefined && {
      buttons: card.buttons.map((button) => ({
        ...button,
        label: line(button.label, 60),
        ...(button.confirm !== undefined && {
          confirm: {
            title: line(button.confirm.title, 90),
            text: line(button.confirm.text, 280),
            yes: line(button.confirm.yes, 28),
            no: line(button.confirm.no, 28),
          },
        }),
      })),
    }),
    ...(card.stamp !== undefined && { stamp: line(card.stamp) }),
    ...(card.footer !== undefined && { footer: line(card.footer) }),
    ...(card.page !== undefined && { page: card.page }),
    ...(card.question !== undefined && { question: { placeholder: line(card.question.placeholder, 60) } }),
  };
}

/** Several lines: the last ones, where there are very many. */
export function sanitizeBlock(text: string, redactor: Pick<Redactor, 'text'>): string {
  const from = text.length <= longestBody ? 0 : text.indexOf('\n', text.length - longestBody) + 1;
  return redactor.text(text.slice(from).replace(/\r\n/g, '\n').split('\n').map(plainLine).join('\n'));
}

/** By characters, so that none is ever halved. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const signs = [...text];
  return signs.length <= limit ? text : `${signs.slice(0, limit - 1).join('')}…`;
}
