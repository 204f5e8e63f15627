import { chatLine, chatLines, truncate, truncateStart } from '@hq/shared/text';
import type { TextNode } from '../contract/card.ts';

/** Characters that long prose leaves for each log. */
const leftForLog = 1000;

/** Shortens a text until its size, which escapes may enlarge, fits the limit. */
export function fitText(
  text: string,
  limit: number,
  sizeOf: (text: string) => number,
  cut: typeof truncate | typeof truncateStart = truncate,
): string {
  for (let room = limit; room > 0; ) {
    const shortened = cut(text, room, { atLineBreak: true });
    const size = sizeOf(shortened);
    if (size <= limit) return shortened;
    room = Math.floor((room * limit) / size) - 1;
  }
  return '';
}

/**
 * Shortens the texts of a body until it fits: prose at its end, logs at their beginning. Prose leaves some room for each
 * log, and the logs share what it leaves.
 */
export function fitBody(
  body: readonly TextNode[],
  room: number,
  sizeOf: (node: TextNode) => number = ({ text }) => text.length,
): TextNode[] {
  const nodes = body.map(clean).filter(({ text }) => text !== '');
  const logs = nodes.filter(({ kind }) => kind === 'log');
  const reserved = logs.reduce((sum, log) => sum + Math.min(sizeOf(log), leftForLog), 0);
  let left = Math.max(0, room - reserved);
  const shorten = (node: TextNode, limit: number): TextNode => {
    const size = (text: string): number => (text === '' ? 0 : sizeOf({ ...node, text }));
    const text = fitText(node.text, limit, size, node.kind === 'log' ? truncateStart : truncate);
    left -= size(text);
    return { ...node, text };
  };
  const prose = nodes.map((node) => (node.kind === 'log' ? node : shorten(node, left)));
  left += Math.min(room, reserved);
  let logsLeft = logs.length;
  const all = prose.map((node) =>
    node.kind === 'log' ? shorten(node, Math.floor(left / logsLeft--)) : node,
  );
  return all.filter(({ text }) => text !== '');
}

function clean(node: TextNode): TextNode {
  if (node.kind === 'code') return { ...node, text: chatLine(node.text) };
  const text = chatLines(node.text);
  return { ...node, text: node.kind === 'log' ? text.replace(/^\n+|\s+$/gu, '') : text };
}
