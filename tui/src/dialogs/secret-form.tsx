import { type SecretCategory, secretCategories } from '@hq/shared/rows';
import { Text } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { errorText } from '../actions/error-text.ts';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { SecretBuffer } from '../secrets/secret-buffer.ts';
import { fill } from '../table/cell.ts';
import type { KeyPress, Paste } from '../terminal/input.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { FormRow } from '../widgets/form-row.tsx';
import { Paragraph, paragraphLines, Remark } from '../widgets/line.tsx';
import { type EditedText, editedText, editText, noText, TextField } from '../widgets/text-field.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';

const titles = {
  key: 'Key',
  gateway: 'Gateway',
  agent: 'Agent',
  category: 'Category',
  note: 'Note',
  value: 'Value',
} as const;
type Field = keyof typeof titles;

/** `agent` is empty for every agent of the gateway. */
export type FilledIn = Readonly<Record<Exclude<Field, 'category' | 'value'>, string>> & {
  readonly category: SecretCategory;
  readonly value: { readonly typed: string } | { readonly file: string };
};

export interface SecretFormProps {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly start: Readonly<Partial<Record<Field, string>>>;
  /** A failure leaves the form as it was filled in, and is shown. */
  readonly submit: (filledIn: FilledIn) => Promise<void>;
  /** Called with the reason where it fails after the form was left. */
  readonly onLateFailure: (reason: string) => void;
  readonly onClose: () => void;
}

interface State {
  /** Typed texts; that of the value is the path of its file. */
  readonly texts: Readonly<Record<Field, EditedText>>;
  readonly isFromFile: boolean;
  readonly focus: Field;
  readonly phase: 'editing' | 'sending';
  /** An escape was pressed, and another one leaves. */
  readonly isLeaving: boolean;
  readonly isTouched: boolean;
  readonly message: string;
  /** The size of the typed value, which is never shown; null for none. */
  readonly valueSize: string | null;
}

const labelWidth = 10;

/** Keys that choose another category. */
const categorySteps: Readonly<Partial<Record<string, number>>> = {
  left: -1,
  h: -1,
  right: 1,
  l: 1,
  space: 1,
};

/** Asks for a secret, or for a part of one. A typed value is never shown, and kept no longer than it is needed. */
export function SecretForm(props: SecretFormProps): ReactNode {
  const { title, fields } = props;
  const state = useFormState(props);
  const width = Math.min(66, useSize().columns - 8);
  const { focus, message } = state;
  const shownValue = focus === 'value' ? valueText(state) : state.texts[focus].value;
  return (
    <Dialog
      title={title}
      width={width}
      height={fields.length + paragraphLines([message], width).length + 3}
      spoken={[
        `dialog: ${title}`,
        `editing ${titles[focus].toLowerCase()}: ${shownValue}; tab moves, enter goes on, escape leaves`,
        message,
      ]}
    >
      <Text> </Text>
      {fields.map((field) => (
        <FormRow key={field} label={titles[field]} labelWidth={labelWidth} hasFocus={field === focus}>
          <FieldView field={field} state={state} width={width - labelWidth - 2} />
        </FormRow>
      ))}
      <Text> </Text>
      <Paragraph
        sentences={[message]}
        tone={state.isLeaving ? 'warn' : state.phase === 'sending' ? 'busy' : 'bad'}
      />
      <Remark text={keysText(state, fields)} />
    </Dialog>
  );
}

/** The state of the form, changed by its keys while the component is mounted. */
function useFormState({ fields, start, submit, onLateFailure, onClose }: SecretFormProps): State {
  const [buffer] = useState(() => new SecretBuffer());
  const left = useRef(false);
  const [state, store] = useStored((): State => {
    const text = (field: Field): EditedText => editedText(start[field] ?? '');
    return {
      texts: {
        key: text('key'),
        gateway: text('gateway'),
        agent: text('agent'),
        category: editedText(secretCategories[0]),
        note: text('note'),
        value: noText,
      },
      isFromFile: false,
      focus: fields[0] ?? 'value',
      phase: 'editing',
      isLeaving: false,
      isTouched: false,
      message: '',
      valueSize: null,
    };
  });
  const change = (changed: Partial<State>): void => store.update((now) => ({ ...now, ...changed }));
  const move = (by: number): void => change({ focus: neighbour(fields, store.get().focus, by) });

  const leave = (): void => {
    const { isTouched, isLeaving, phase } = store.get();
    if (isTouched && !isLeaving) {
      const message =
        phase === 'sending'
          ? 'Sending. esc again leaves; HQ may store it all the same.'
          : 'esc again discards what was typed; any other key goes on.';
      change({ isLeaving: true, message });
      return;
    }
    buffer.clear();
    left.current = true;
    onClose();
  };

  const send = async (): Promise<void> => {
    const typed = buffer.take();
    change({ phase: 'sending', isLeaving: false, isTouched: true, message: 'Sending' });
    try {
      await submit(filledIn(store.get(), typed));
      onClose();
    } catch (failure) {
      if (left.current) {
        onLateFailure(errorText(failure));
        return;
      }
      buffer.restore(typed);
      change({ phase: 'editing', isLeaving: false, message: errorText(failure) });
    }
  };

  useInputLayer('dialog', (input) => {
    const now = store.get();
    if (input.type === 'mouse') return true;
    const name = input.type === 'key' ? input.name : '';
    if (name === 'escape' || name === 'ctrl-c') {
      leave();
      return true;
    }
    if (now.phase === 'sending') return true;
    change({ isLeaving: false, message: '' });
    if (name === 'tab' || name === 'down') move(1);
    else if (name === 'shift-tab' || name === 'up') move(-1);
    else if (name === 'ctrl-o' && now.focus === 'value') change({ isFromFile: !now.isFromFile });
    else if (name === 'enter' && now.focus === fields.at(-1)) void send();
    else if (name === 'enter') move(1);
    else if (now.focus === 'value' && !now.isFromFile) {
      if (buffer.press(input)) change({ valueSize: buffer.isEmpty ? null : buffer.size, isTouched: true });
    } else {
      const text = editedBy(input, now);
      if (text !== null) change({ texts: { ...now.texts, [now.focus]: text }, isTouched: true });
    }
    return true;
  });
  return state;
}

/** Returns the field with the focus after an input; null for an input that edits nothing. */
function editedBy(input: KeyPress | Paste, { focus, texts }: State): EditedText | null {
  if (focus !== 'category') return editText(texts[focus], input);
  const by = input.type === 'key' ? categorySteps[input.name] : undefined;
  return by === undefined ? null : editedText(neighbour<string>(secretCategories, texts.category.value, by));
}

function filledIn({ texts, isFromFile }: State, typed: string): FilledIn {
  return {
    key: texts.key.value.trim(),
    gateway: texts.gateway.value.trim(),
    agent: texts.agent.value.trim(),
    category: secretCategories.find((one) => one === texts.category.value) ?? 'user',
    note: texts.note.value.trim(),
    value: isFromFile ? { file: texts.value.value } : { typed },
  };
}

interface FieldViewProps {
  readonly field: Field;
  readonly state: State;
  readonly width: number;
}

function FieldView({ field, state, width }: FieldViewProps): ReactNode {
  const theme = useTheme();
  const text = state.texts[field];
  const hasFocus = field === state.focus;
  if (field === 'category') {
    const [before, after] = theme.unicode ? ['‹', '›'] : ['<', '>'];
    return <Text>{`${before} ${text.value} ${after}`}</Text>;
  }
  if (field === 'value' && !state.isFromFile) {
    return (
      <Text>{theme.paint(state.valueSize === null ? 'dim' : 'plain', fill(valueText(state), width))}</Text>
    );
  }
  if (field === 'agent' && !hasFocus && text.value === '') {
    return <Text>{theme.paint('dim', 'every agent of the gateway')}</Text>;
  }
  return <TextField text={text} width={width} hasCursor={hasFocus} />;
}

function neighbour<Item>(items: readonly Item[], item: Item, by: number): Item {
  return items[(items.indexOf(item) + by + items.length) % items.length] ?? item;
}

function valueText({ isFromFile, texts, valueSize }: State): string {
  if (isFromFile) return `from the file ${texts.value.value}`;
  return valueSize === null ? 'nothing yet' : `${valueSize}, not shown`;
}

function keysText({ focus, isFromFile }: State, fields: readonly Field[]): string {
  const enter = focus === fields.at(-1) ? 'enter stores it' : 'enter goes on';
  const source = isFromFile ? 'ctrl-o typed instead' : 'ctrl-o from a file';
  return [enter, ...(focus === 'value' ? [source] : []), 'tab next', 'esc leaves'].join(' · ');
}
