import type { Button, Card, TextNode } from '../../../contract/card.ts';
import type { Argument } from '../../../contract/command.ts';
import type { CommandContext } from '../command.ts';

export interface List {
  readonly command: string;
  readonly title: string;
  readonly state?: string;
  readonly tone?: Card['tone'];
  /** One entry a line. */
  readonly lines: readonly (readonly TextNode[])[];
  /** Shown for an empty list. */
  readonly emptyText: string;
  readonly footer?: string;
  readonly buttons?: readonly Button[];
}

/** The page of a list, which its buttons carry. */
export const pageArgument: Argument = {
  name: 'page',
  summary: 'Which page',
  kind: 'integer',
  required: false,
  completion: null,
  min: 1,
  max: 1000,
};

const mostLines = 15;

/** Shows one page of a list; buttons turn the page on the same card. */
export async function showList(context: CommandContext, list: List): Promise<void> {
  const { delivery, services, values } = context;
  const { maxText } = services.capabilities(delivery.sender.platform);
  const pages = paged(list.lines, Math.min(maxText, 3_000));
  const number = Math.min(Math.max(1, Number(values.page ?? 1)), pages.length);
  const turn = (label: string, to: number): Button =>
    services.buttons.offer(delivery.sender, {
      label,
      intent: { command: list.command, values: { ...values, page: String(to) } },
      user: context.responder.isPrivate ? delivery.sender.user : null,
      seconds: 3_600,
    });
  const lines = pages[number - 1] ?? [];
  await context.responder.replace({
    title: list.title,
    tone: list.tone ?? 'neutral',
    ...(list.state !== undefined && { state: list.state }),
    body:
      lines.length === 0
        ? [{ kind: 'text', text: list.emptyText }]
        : lines.flatMap((line, at) => [...(at === 0 ? [] : [newLine]), ...line]),
    buttons: [
      ...(number > 1 ? [turn('Previous', number - 1)] : []),
      ...(number < pages.length ? [turn('Next', number + 1)] : []),
      ...(list.buttons ?? []),
    ],
    ...(pages.length > 1 && { page: { number, of: pages.length } }),
    ...(list.footer !== undefined && { footer: list.footer }),
  });
}

const newLine: TextNode = { kind: 'text', text: '\n' };

function paged(lines: List['lines'], limit: number): (readonly TextNode[])[][] {
  const pages: (readonly TextNode[])[][] = [[]];
  let size = 0;
  for (const line of lines) {
    const length = line.reduce((sum, { text }) => sum + text.length, 1);
    const last = pages.at(-1);
    if (last === undefined || last.length >= mostLines || (last.length > 0 && size + length > limit)) {
      pages.push([line]);
      size = length;
    } else {
      last.push(line);
      size += length;
    }
  }
  return pages;
}

export const code = (text: string): TextNode => ({ kind: 'code', text });
export const text = (words: string): TextNode => ({ kind: 'text', text: words });
export const strong = (words: string): TextNode => ({ kind: 'text', text: words, strong: true });

/** Joins the parts that are known with commas. */
export function joinParts(...parts: readonly (string | null | undefined | false)[]): string {
  return parts.filter((part): part is string => typeof part === 'string' && part !== '').join(', ');
}

/** `in_progress` → `in progress`. */
export const humanize = (word: string): string => word.replaceAll('_', ' ');
