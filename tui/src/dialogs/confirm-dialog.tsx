import { Box, Text } from 'ink';
import type { ReactNode } from 'react';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { PaintedLine, Paragraph, paragraphLines } from '../widgets/line.tsx';
import { type EditedText, editText, noText, TextField } from '../widgets/text-field.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';

interface ConfirmDialogProps {
  readonly title: string;
  /** The effect, its target, and the commands that run there now: one sentence each. */
  readonly sentences: readonly string[];
  /** The label of the button that confirms. */
  readonly yes: string;
  /** The name that has to be typed before the button works; null where a yes is enough. */
  readonly typedName: string | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

interface State {
  readonly isOnYes: boolean;
  readonly wasMoved: boolean;
  readonly typed: EditedText;
  readonly hint: string;
}

/**
 * Asks before something is disturbed. It starts on Cancel, and no letter confirms. Enter behind the typed name moves to the button:
 * whoever typed the whole name means to go on.
 */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { title, sentences, yes, typedName } = props;
  const theme = useTheme();
  const width = Math.min(64, useSize().columns - 8);
  const { isOnYes, typed, hint } = useConfirmation(props);
  const button = (label: string, isOn: boolean): string =>
    isOn ? `\u001b[7m ${theme.pointer} ${label} \u001b[27m` : `   ${label} `;
  const { length } = paragraphLines(sentences, width);
  return (
    <Dialog
      title={title}
      width={width}
      height={length + 3 + (typedName === null ? 0 : 3)}
      spoken={[
        `dialog: ${title}`,
        ...sentences,
        ...(typedName === null ? [] : [`type ${typedName} to go on, typed so far: ${typed.value}`]),
        `button ${isOnYes ? yes : 'Cancel'} selected; tab moves, enter chooses, escape cancels`,
      ]}
    >
      <Text> </Text>
      <Paragraph sentences={sentences} />
      <Text> </Text>
      {typedName === null ? null : (
        <>
          <PaintedLine text={`Type ${typedName} to go on:`} />
          <TextField text={typed} width={width} />
          <PaintedLine text={theme.paint('warn', hint)} />
        </>
      )}
      <Box justifyContent="flex-end">
        <Text wrap="truncate">{`${button('Cancel', !isOnYes)}  ${button(yes, isOnYes)}`}</Text>
      </Box>
    </Dialog>
  );
}

/** The state of the dialog, changed by its keys while the component is mounted. */
function useConfirmation({ yes, typedName, onConfirm, onClose }: ConfirmDialogProps): State {
  const [shown, state] = useStored<State>(() => ({
    isOnYes: false,
    wasMoved: false,
    typed: noText,
    hint: '',
  }));
  const change = (changed: Partial<State>): void => state.update((now) => ({ ...now, hint: '', ...changed }));

  const choose = (): void => {
    const now = state.get();
    const isNamed = typedName === null || now.typed.value.trim() === typedName;
    if (now.isOnYes && isNamed) {
      onConfirm();
      onClose();
    } else if (now.isOnYes) change({ hint: `Type ${typedName} first.` });
    else if (typedName === null || !isNamed || now.wasMoved) onClose();
    else change({ isOnYes: true, hint: `Enter once more: ${yes}.` });
  };

  useInputLayer('dialog', (input) => {
    if (input.type === 'mouse') return true;
    const name = input.type === 'key' ? input.name : '';
    const now = state.get();
    if (name === 'escape' || name === 'ctrl-c') onClose();
    else if (name === 'tab' || name === 'shift-tab' || name === 'left' || name === 'right')
      change({ isOnYes: !now.isOnYes, wasMoved: true });
    else if (name === 'enter') choose();
    else if (typedName !== null) {
      const text = editText(now.typed, input);
      if (text === null) return false;
      change({ typed: text });
    } else if (name === 'h' || name === 'l') change({ isOnYes: name === 'l' });
    else if (name === 'q' || name === 'n') onClose();
    else return false;
    return true;
  });
  return shown;
}
