import { Text } from 'ink';
import { type ReactNode, useRef } from 'react';
import { errorText } from '../actions/error-text.ts';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { Paragraph, paragraphLines, Remark } from '../widgets/line.tsx';
import { type EditedText, editedText, editText, TextField } from '../widgets/text-field.tsx';
import { useSize } from '../widgets/theme.ts';

interface MessageDialogProps {
  readonly title: string;
  /** The word for what is written, such as `message`. */
  readonly kind: string;
  /** Characters. */
  readonly longest: number;
  readonly remark: string;
  /** A text that was written before and not sent. */
  readonly start: string;
  readonly onChange: (text: string) => void;
  /** Returns what is done once the dialog is closed. A failure leaves the message as it is, and is shown. */
  readonly submit: (message: string) => Promise<() => void>;
  readonly onClose: () => void;
}

interface State {
  readonly text: EditedText;
  readonly isSending: boolean;
  readonly fault: string;
}

/** Asks for one line that an agent gets: a message or a task. What was written stays for the next time. */
export function MessageDialog(props: MessageDialogProps): ReactNode {
  const { title, kind, remark } = props;
  const { text, isSending, fault } = useMessage(props);
  const width = Math.min(70, useSize().columns - 8);
  const said = isSending ? 'Sending' : fault;
  return (
    <Dialog
      title={title}
      width={width}
      height={paragraphLines([said], width).length + 4}
      spoken={[`dialog: ${title}`, `${kind}: ${text.value}`, said, 'enter sends it, escape leaves']}
    >
      <Text> </Text>
      <TextField text={text} width={width} hasCursor={!isSending} />
      <Text> </Text>
      <Paragraph sentences={[said]} tone={isSending ? 'busy' : 'bad'} />
      <Remark text={`enter sends · esc leaves and keeps the ${kind}${remark}`} />
    </Dialog>
  );
}

/** The state of the dialog, changed by its keys while the component is mounted. */
function useMessage(props: MessageDialogProps): State {
  const { kind, longest, start, onChange, submit, onClose } = props;
  const isOpen = useRef(true);
  const [shown, state] = useStored<State>(() => ({ text: editedText(start), isSending: false, fault: '' }));
  const close = (): void => {
    isOpen.current = false;
    onClose();
  };

  const send = async (): Promise<void> => {
    const { text } = state.get();
    const message = text.value.trim();
    const fault =
      message === ''
        ? `Write a ${kind} first.`
        : message.length > longest
          ? `A ${kind} has at most ${longest} characters.`
          : '';
    state.update((now) => ({ ...now, isSending: fault === '', fault }));
    if (fault !== '') return;
    try {
      const next = await submit(message);
      if (!isOpen.current) return;
      close();
      next();
    } catch (failure) {
      if (isOpen.current) state.update((now) => ({ ...now, isSending: false, fault: errorText(failure) }));
    }
  };

  useInputLayer('dialog', (input) => {
    if (input.type === 'mouse') return true;
    const name = input.type === 'key' ? input.name : '';
    const now = state.get();
    if (name === 'escape' || name === 'ctrl-c') close();
    else if (now.isSending) return true;
    else if (name === 'enter') void send();
    else {
      const text = editText(now.text, input);
      if (text === null) return false;
      onChange(text.value);
      state.set({ text, isSending: false, fault: '' });
    }
    return true;
  });
  return shown;
}
