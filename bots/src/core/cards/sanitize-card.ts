import { plain, plainLines, type Redactor, truncate } from '@hq/shared/text';
import type { Card, TextNode } from '../../contract/card.ts';

/** UTF-16 units of titles and labels, below every platform's own limit. */
const maxLine = 240;
const maxBody = 100_000;

/** Removes invisible, direction and escape characters and known secrets from all texts of a card. */
export function sanitizeCard(card: Card, redactor: Pick<Redactor, 'text'>): Card {
  // Invisible characters go first: within a secret they would hide it from the redactor.
  const line = (text: string, limit = maxLine): string => truncate(redactor.text(plain(text)), limit);
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
      })),
    }),
    ...(card.stamp !== undefined && { stamp: line(card.stamp) }),
    ...(card.footer !== undefined && { footer: line(card.footer) }),
    ...(card.page !== undefined && { page: card.page }),
    ...(card.question !== undefined && { question: { placeholder: line(card.question.placeholder, 60) } }),
  };
}

/** Sanitizes a text of several lines; keeps the last ones of a very long text. */
export function sanitizeBlock(text: string, redactor: Pick<Redactor, 'text'>): string {
  const from = text.length <= maxBody ? 0 : text.indexOf('\n', text.length - maxBody) + 1;
  return redactor.text(plainLines(text.slice(from)));
}
