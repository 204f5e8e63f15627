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
  const { title, tone, state, fields, body, buttons, stamp, footer, page, question } = card;
  return {
    title: line(title),
    tone,
    state: state && line(state),
    fields: fields?.map(({ label, value, wide }) => ({
      label: line(label, 60),
      value: truncate(block(value), 1000),
      ...(wide === true && { wide }),
    })),
    body: body?.map((node): TextNode => ({ ...node, text: block(node.text) })),
    buttons: buttons?.map((button) => ({ ...button, label: line(button.label, 60) })),
    stamp: stamp && line(stamp),
    footer: footer && line(footer),
    page,
    question: question && { placeholder: line(question.placeholder, 60) },
  };
}

/** Sanitizes a text of several lines; keeps the last ones of a very long text. */
export function sanitizeBlock(text: string, redactor: Pick<Redactor, 'text'>): string {
  const from = text.length <= maxBody ? 0 : text.indexOf('\n', text.length - maxBody) + 1;
  return redactor.text(plainLines(text.slice(from)));
}
