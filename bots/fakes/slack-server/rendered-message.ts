import type { Block, RichPiece } from './block-kit.ts';

export interface RenderedMessage {
  /** The visible text, a line for each part, buttons as `[Label]`. */
  readonly text: string;
  /** Notified targets: `channel`, `here`, `everyone`, `U…`, `S…`. */
  readonly notified: readonly string[];
}

/** Returns the visible text of a message, and the targets that it would notify. */
export function renderMessage(text: string, blocks: readonly Block[] | undefined): RenderedMessage {
  const notified: string[] = [...mentionsIn(text)];
  if (blocks === undefined || blocks.length === 0) return { text: renderMarkup(text), notified };
  return { text: blocks.map((block) => renderBlock(block, notified)).join('\n'), notified };
}

function renderBlock(block: Block, notified: string[]): string {
  switch (block.type) {
    case 'header':
      return block.text.text;
    case 'divider':
      return '---';
    case 'section':
      return [block.text, ...(block.fields ?? [])]
        .flatMap((part) => (part === undefined ? [] : renderText(part, notified)))
        .concat(block.accessory?.type === 'button' ? `[${block.accessory.text.text}]` : [])
        .join('\n');
    case 'context':
      return block.elements.map((part) => renderText(part, notified)).join('\n');
    case 'actions':
      return block.elements
        .map((element) => (element.type === 'button' ? `[${element.text.text}]` : `<${element.type}>`))
        .join(' ');
    case 'input':
      return `${block.label.text}: <${block.element.type}>`;
    case 'rich_text':
      return block.elements
        .map((element) =>
          element.type === 'rich_text_list'
            ? element.elements.map((item) => `- ${renderPieces(item.elements, notified)}`).join('\n')
            : renderPieces(element.elements, notified),
        )
        .join('\n');
  }
}

function renderText(part: { type: 'plain_text' | 'mrkdwn'; text: string }, notified: string[]): string {
  if (part.type === 'plain_text') return part.text;
  notified.push(...mentionsIn(part.text));
  return renderMarkup(part.text);
}

function renderPieces(pieces: readonly RichPiece[], notified: string[]): string {
  return pieces.map((piece) => renderPiece(piece, notified)).join('');
}

function renderPiece(piece: RichPiece, notified: string[]): string {
  switch (piece.type) {
    case 'text':
      return piece.text;
    case 'link':
      return piece.text ?? piece.url;
    case 'user':
      notified.push(piece.user_id);
      return `@${piece.user_id}`;
    case 'usergroup':
      notified.push(piece.usergroup_id);
      return `@${piece.usergroup_id}`;
    case 'broadcast':
      notified.push(piece.range);
      return `@${piece.range}`;
    case 'channel':
      return `#${piece.channel_id}`;
    case 'emoji':
      return `:${piece.name}:`;
    case 'date':
      return piece.fallback ?? new Date(piece.timestamp * 1000).toISOString();
  }
}

function* mentionsIn(markup: string): Generator<string> {
  for (const match of markup.matchAll(
    /<(?:!(channel|here|everyone)|@([UW][^|>]*)|!subteam\^([^|>]*))[^>]*>/g,
  )) {
    yield match[1] ?? match[2] ?? match[3] ?? '';
  }
}

function renderMarkup(markup: string): string {
  return markup.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
