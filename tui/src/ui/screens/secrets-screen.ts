import { plain } from '@hq/shared/text';
import type { RowContext } from '../../columns/row-context.ts';
import type { LayeredSecret } from '../../secrets/layers.ts';
import type { List } from '../list.ts';
import { listBody } from '../list-body.ts';
import { beside, blank, exactly, titleRule } from '../panel.ts';
import type { Body, Room } from '../view.ts';
import { secretFacts } from './secret-facts.ts';

/** From this width on the panel stands beside the list instead of below it. */
const wideFrom = 150;
const between = '  ';
/** What the panel below the list takes where there is room for both. */
const panelLines = 8;
const leastForBoth = 14;

export function secretsBody(
  list: List<LayeredSecret, RowContext>,
  context: RowContext,
  room: Room,
  whenEmpty: readonly string[],
): Body {
  const { width, height } = room;
  if (width >= wideFrom) {
    const right = Math.floor(width * 0.33);
    const body = listBody(list, context, { ...room, width: width - right - between.length }, whenEmpty);
    return { ...body, lines: beside(body.lines, panel(list, context, { ...room, width: right }), between) };
  }
  const below = height >= leastForBoth ? panelLines : 0;
  const body = listBody(list, context, { ...room, height: height - below }, whenEmpty);
  return {
    ...body,
    lines: exactly([...body.lines, ...panel(list, context, { ...room, height: below })], height, width),
  };
}

function panel(list: List<LayeredSecret, RowContext>, context: RowContext, room: Room): string[] {
  const { width, height, theme } = room;
  const secret = list.selected;
  if (secret === null || height === 0) return exactly([], height, width);
  const heading = titleRule(plain(secret.key), secret.category, width, theme);
  return exactly([heading, ...secretFacts(secret, context, room), blank(width)], height, width);
}
