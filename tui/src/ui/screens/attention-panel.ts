import type { Attention } from '@hq/shared/fleet';
import { plain } from '@hq/shared/text';
import type { RowContext } from '../../columns/row-context.ts';
import { ago } from '../ages.ts';
import { exactly, line, titleRule } from '../panel.ts';
import type { Room } from '../view.ts';

/** What needs somebody, the worst first; a calm line when nothing does. */
export function attentionPanel(items: readonly Attention[], context: RowContext, room: Room): string[] {
  const { width, height, theme } = room;
  const heading = titleRule('Needs attention', items.length === 0 ? '' : String(items.length), width, theme);
  if (items.length === 0) {
    const well = [
      { text: ` ${theme.mark('good')} `, tone: 'good' as const },
      { text: 'Nothing needs you.', tone: 'dim' as const },
    ];
    return exactly([heading, line(well, width, theme)], height, width);
  }
  const places = Math.max(0, height - 1);
  const shown = items.slice(0, items.length > places ? places - 1 : places);
  const lines = shown.map((item) => {
    const isBad = item.kind !== 'unread-alert' && item.kind !== 'unhealthy-service';
    const tone = isBad ? 'bad' : 'warn';
    const when = item.at === null || item.kind === 'stale-gateway' ? '' : `  ${ago(item.at, context.now)}`;
    return line(
      [
        { text: ` ${theme.mark(isBad ? 'bad' : 'warn')} `, tone },
        { text: plain(item.name), tone: 'strong' },
        { text: `  ${plain(item.reason)}` },
        { text: when, tone: 'dim' },
      ],
      width,
      theme,
    );
  });
  if (shown.length < items.length) {
    lines.push(line([{ text: `   and ${items.length - shown.length} more`, tone: 'dim' }], width, theme));
  }
  return exactly([heading, ...lines], height, width);
}
