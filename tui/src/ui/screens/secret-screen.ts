import type { RowContext } from '../../columns/row-context.ts';
import type { LayeredSecret } from '../../secrets/layers.ts';
import { calm, exactly } from '../panel.ts';
import type { Body, Room } from '../view.ts';
import { secretFacts } from './secret-facts.ts';

/** Null for a secret that is gone, or not read yet. */
export function secretBody(secret: LayeredSecret | null, context: RowContext, room: Room): Body {
  const { width, height, theme } = room;
  const lines =
    secret === null
      ? calm(['There is no such secret here.', 'esc goes back'], width, height, theme)
      : exactly(secretFacts(secret, context, room), height, width);
  return { lines, rows: null };
}
