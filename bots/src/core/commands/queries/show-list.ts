import type { Button, TextNode } from '../../../contract/card.ts';
import { linesOf, text } from '../../cards/card-parts.ts';
import { integerArgument } from '../arguments.ts';
import type { CommandContext } from '../command.ts';

export interface List {
  readonly command: string;
  readonly title: string;
  readonly state?: string;
  /** One entry a line. */
  readonly lines: readonly (readonly TextNode[])[];
  /** Shown for an empty list. */
  readonly emptyText: string;
  readonly footer?: string;
  readonly buttons?: readonly Button[];
  /** Entries on one page. */
  readonly mostLines?: number;
}

/** The page of a list, which its buttons carry. */
export const pageArgument = integerArgument('page', 'Which page', 1000);

const usualLines = 15;

/** Shows one page of a list; buttons turn the page on the same card. */
export async function showList(context: CommandContext, list: List): Promise<void> {
  const { delivery, services } = context;
  const { maxText } = services.capabilities(delivery.sender.platform);
  const sizeOf = (line: readonly TextNode[]): number => line.reduce((sum, node) => sum + node.text.length, 0);
  const pages = paginate(list.lines, Math.min(maxText, 3_000), sizeOf, list.mostLines ?? usualLines);
  const user = context.responder.isPrivate ? delivery.sender.user : null;
  const { number, buttons, page } = turnPages(context, list.command, pages.length, 1, user);
  const lines = pages[number - 1] ?? [];
  await context.responder.replace({
    title: list.title,
    tone: 'neutral',
    ...(list.state !== undefined && { state: list.state }),
    body: lines.length === 0 ? [text(list.emptyText)] : linesOf(lines),
    buttons: [...buttons, ...(list.buttons ?? [])],
    ...page,
    ...(list.footer !== undefined && { footer: list.footer }),
  });
}

/** Chooses the requested page, and makes the buttons that turn to its neighbours. */
export function turnPages(
  { delivery, services, values }: CommandContext,
  command: string,
  count: number,
  first: number,
  /** The one person who may press; null for everybody. */
  user: string | null,
) {
  const number = Math.min(Math.max(1, Number(values.page ?? first)), count);
  const turn = (label: string, to: number): Button =>
    services.buttons.offer(delivery.sender, {
      label,
      intent: { command, values: { ...values, page: String(to) } },
      user,
      seconds: 3_600,
    });
  return {
    number,
    buttons: [
      ...(number > 1 ? [turn('Previous', number - 1)] : []),
      ...(number < count ? [turn('Next', number + 1)] : []),
    ],
    page: count > 1 ? { page: { number, of: count } } : {},
  };
}

/** Cuts a line that is longer than a page. */
export function piecesOf(line: string, limit: number): string[] {
  return line.match(new RegExp(`.{1,${limit}}`, 'gsu')) ?? [''];
}

/** Groups items to pages, no longer than the limit unless one item is. */
export function paginate<Item>(
  items: readonly Item[],
  limit: number,
  sizeOf: (item: Item) => number,
  mostItems = Number.POSITIVE_INFINITY,
): Item[][] {
  const pages: Item[][] = [[]];
  let size = 0;
  for (const item of items) {
    const last = pages.at(-1);
    const length = sizeOf(item) + 1;
    if (last === undefined || last.length >= mostItems || (last.length > 0 && size + length > limit)) {
      pages.push([item]);
      size = length;
    } else {
      last.push(item);
      size += length;
    }
  }
  return pages;
}
