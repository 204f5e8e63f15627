import { Box, Text, useIsScreenReaderEnabled } from 'ink';
import type { ReactNode } from 'react';
import { cut, widthOf } from '../table/cell.ts';
import { PaintedLine } from './line.tsx';
import { useSize, useTheme, WidthContext } from './theme.ts';

interface DialogProps {
  readonly title: string;
  /** Columns and rows inside the border. */
  readonly width: number;
  readonly height: number;
  readonly children: ReactNode;
  /** Replaces everything for a screen reader. */
  readonly spoken: readonly string[];
}

/** A bordered box over the screen, a third of the way down. */
export function Dialog({ title, width, height, children, spoken }: DialogProps): ReactNode {
  const theme = useTheme();
  const { columns, rows } = useSize();
  if (useIsScreenReaderEnabled()) {
    return (
      <Box flexDirection="column">
        {spoken.map((sentence) => (
          <Text key={sentence}>{sentence}</Text>
        ))}
      </Box>
    );
  }
  const shownTitle = cut(title, width - 2, theme.ellipsis);
  const [topLeft, top, topRight] = theme.unicode ? ['╭', '─', '╮'] : ['+', '-', '+'];
  const rest = top.repeat(Math.max(0, width - 1 - widthOf(shownTitle)));
  const outer = { width: width + 4, height: Math.min(rows, height + 2) };
  return (
    <Box
      position="absolute"
      flexDirection="column"
      left={Math.max(0, Math.floor((columns - outer.width) / 2))}
      top={Math.max(0, Math.floor((rows - outer.height) / 3))}
      {...outer}
      overflow="hidden"
    >
      <Blank width={outer.width} height={outer.height} />
      <PaintedLine
        text={
          theme.paint('dim', `${topLeft}${top} `) +
          theme.paint('strong', shownTitle) +
          theme.paint('dim', ` ${rest}${topRight}`)
        }
      />
      <Box
        flexDirection="column"
        flexGrow={1}
        borderStyle={theme.unicode ? 'round' : 'classic'}
        borderTop={false}
        borderDimColor
        paddingX={1}
        overflow="hidden"
      >
        <WidthContext value={width}>{children}</WidthContext>
      </Box>
    </Box>
  );
}

/** Covers what is below: Ink leaves the cells of a box alone that nothing is written to. */
function Blank({ width, height }: { readonly width: number; readonly height: number }): ReactNode {
  return (
    <Box position="absolute">
      <Text wrap="truncate">{Array.from({ length: height }, () => ' '.repeat(width)).join('\n')}</Text>
    </Box>
  );
}
