import { Text } from 'ink';
import type { ReactNode } from 'react';
import { useInputLayer } from '../app/keyboard.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { PaintedLine, Paragraph, paragraphLines } from '../widgets/line.tsx';
import { useSize } from '../widgets/theme.ts';

interface CodeDialogProps {
  readonly steps: readonly string[];
  readonly onClose: () => void;
}

const closingKeys = ['escape', 'enter', 'q', 'ctrl-c'];

/** A code and what to do with it, until a key says that it was used. */
export function CodeDialog({ steps, onClose }: CodeDialogProps): ReactNode {
  const width = Math.min(66, useSize().columns - 8);
  useInputLayer('dialog', (input) => {
    if (input.type !== 'key' || !closingKeys.includes(input.name)) return false;
    onClose();
    return true;
  });
  return (
    <Dialog
      title="Link a chat account"
      width={width}
      height={paragraphLines(steps, width).length + 3}
      spoken={['dialog: Link a chat account', ...steps, 'escape closes']}
    >
      <Text> </Text>
      <Paragraph sentences={steps} />
      <Text> </Text>
      <PaintedLine text="esc closes; the code is not shown again" />
    </Dialog>
  );
}
