import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { fill } from '../table/cell.ts';
import { useTheme } from './theme.ts';

interface FormRowProps {
  readonly label: string;
  readonly labelWidth: number;
  readonly hasFocus: boolean;
  readonly children: ReactNode;
}

/** A field of a form behind its label; a bar marks the one that is edited. */
export function FormRow({ label, labelWidth, hasFocus, children }: FormRowProps): ReactNode {
  const theme = useTheme();
  const bar = hasFocus ? theme.paint('accent', theme.bar) : ' ';
  return (
    <Box>
      <Text>{`${bar} ${theme.paint(hasFocus ? 'strong' : 'plain', fill(label, labelWidth))}`}</Text>
      {children}
    </Box>
  );
}
