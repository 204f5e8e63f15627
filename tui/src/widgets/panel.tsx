import { Box } from 'ink';
import type { ReactNode } from 'react';
import { WidthContext } from './theme.ts';

/** Columns and rows that something has for itself. */
export interface Place {
  readonly width: number;
  readonly height: number;
}

interface PanelProps extends Place {
  readonly children: ReactNode;
}

/** A column of lines in a place of its own: lines that do not fit are cut off. Nothing where there is no place. */
export function Panel({ width, height, children }: PanelProps): ReactNode {
  if (height <= 0) return null;
  return (
    <WidthContext value={width}>
      <Box flexDirection="column" flexShrink={0} width={width} height={height} overflow="hidden">
        {children}
      </Box>
    </WidthContext>
  );
}
