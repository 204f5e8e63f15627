import { truncate, truncateStart } from '@hq/shared/text';
import type { Card, TextNode } from '../../contract/card.ts';

/** Characters, far below the limit of every platform. */
const most = { title: 120, state: 120, body: 800, value: 80, note: 120 } as const;
const mostFields = 5;
const mostButtons = 5;

/** A card that says the same in less than 2,500 characters, and that it was cut. */
export function shortenCard(card: Card): Card {
  const { title, tone, state, fields, body, buttons, stamp, page, question } = card;
  return {
    title: truncate(title, most.title),
    tone,
    state: state && truncate(state, most.state),
    fields: fields?.slice(0, mostFields).map(({ label, value }) => ({
      label,
      value: truncate(value, most.value),
    })),
    body: body && shortenBody(body),
    buttons: buttons?.slice(0, mostButtons),
    stamp: stamp && truncate(stamp, most.note),
    footer: 'This message was cut: the chat does not take the whole one.',
    page,
    question,
  };
}

/** Keeps the beginning of prose and the end of logs. */
function shortenBody(body: readonly TextNode[]): TextNode[] {
  let left: number = most.body;
  return body.flatMap((node) => {
    if (left <= 0) return [];
    const cut = node.kind === 'log' ? truncateStart : truncate;
    const text = cut(node.text, left, { atLineBreak: true });
    left -= text.length;
    return [{ ...node, text }];
  });
}
