import { cut, widthOf } from '../../table/cell.ts';
import type { Theme } from '../../theme/theme.ts';

/** A thin frame with a title around lines that are `width` wide; the whole is four columns wider. */
export function frameAround(title: string, lines: readonly string[], width: number, theme: Theme): string[] {
  const [topLeft, topRight, bottomLeft, bottomRight, side] = theme.unicode
    ? ['╭', '╮', '╰', '╯', '│']
    : ['+', '+', '+', '+', '|'];
  const shown = cut(title, width - 2, theme.ellipsis);
  const top = `${topLeft}${theme.rule} `;
  const rest = theme.rule.repeat(Math.max(0, width - 1 - widthOf(shown)));
  const wall = theme.paint('dim', side ?? '|');
  return [
    `${theme.paint('dim', top)}${theme.paint('strong', shown)}${theme.paint('dim', ` ${rest}${topRight}`)}`,
    ...lines.map((line) => `${wall} ${line} ${wall}`),
    theme.paint('dim', `${bottomLeft}${theme.rule.repeat(width + 2)}${bottomRight}`),
  ];
}
