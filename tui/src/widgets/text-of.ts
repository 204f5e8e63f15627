import { stripVTControlCharacters } from 'node:util';
import { type DOMElement, measureElement } from 'ink';
import { widthOf } from '../table/cell.ts';

/** Returns the content of a box as plain text. Its texts must be of one line each. */
export function textOf(box: DOMElement): string {
  const { y: top, height } = measureElement(box);
  const rows = Array.from({ length: height }, (): { x: number; text: string }[] => []);
  for (const { x, y, text } of textsIn(box)) rows[y - top]?.push({ x, text });
  return rows
    .map((texts) =>
      texts
        .toSorted((a, b) => a.x - b.x)
        .reduce((line, { x, text }) => line + ' '.repeat(Math.max(0, x - widthOf(line))) + text, '')
        .trimEnd(),
    )
    .join('\n');
}

function textsIn(node: DOMElement): { x: number; y: number; text: string }[] {
  if (node.nodeName === 'ink-text') {
    const { x, y } = measureElement(node);
    return [{ x, y, text: stripVTControlCharacters(lettersIn(node)) }];
  }
  return node.childNodes.flatMap((child) => (child.nodeName === '#text' ? [] : textsIn(child)));
}

function lettersIn(node: DOMElement): string {
  return node.childNodes
    .map((child) => (child.nodeName === '#text' ? child.nodeValue : lettersIn(child)))
    .join('');
}
