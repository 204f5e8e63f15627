import { type SecretCategory, secretCategories } from '@hq/shared/rows';
import { Box, Text } from 'ink';
import { type ReactNode, useState } from 'react';
import { errorText } from '../actions/error-text.ts';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { SecretBuffer } from '../secrets/secret-buffer.ts';
import { fill } from '../table/cell.ts';
import type { KeyPress, Paste } from '../terminal/input.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { FormRow } from '../widgets/form-row.tsx';
import { Line, Paragraph, paragraphLines } from '../widgets/line.tsx';
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
type TextFieldName = Exclude<Field, 'category' | 'value'>;

export interface FilledIn {
  readonly key: string;
  readonly gateway: string;
  /** Empty for every agent of the gateway. */
  readonly agent: string;
  readonly category: SecretCategory;
  readonly note: string;
  readonly value: { readonly typed: string } | { readonly file: string };
}

export interface SecretFormProps {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly start: Readonly<Partial<Record<TextFieldName, string>>>;
  /** A failure leaves the form as it was filled in, and is shown. */
  readonly submit: (filledIn: FilledIn) => Promise<void>;
  readonly onClose: () => void;
}

interface State {
  readonly texts: Readonly<Record<TextFieldName, EditedText>>;
  readonly category: SecretCategory;
  readonly file: EditedText;
  readonly isFromFile: boolean;
  readonly focus: Field;
  /** `leaving`: an escape was pressed, and another one discards what was typed. */
  readonly phase: 'editing' | 'leaving' | 'sending';
  readonly isTouched: boolean;
  readonly message: string;
  /** The size of the typed value, which is never shown; null for none. */
  readonly valueSize: string | null;
}

const labelWidth = 10;
const messageTones = { editing: 'bad', leaving: 'warn', sending: 'busy' } as const;

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
  const { title, fields, onClose } = props;
  const [buffer] = useState(() => new SecretBuffer());
  const [state, store] = useStored(() => initialState(props));
  const width = Math.min(66, useSize().columns - 8);
  const change = (changed: Partial<State>): void => store.update((now) => ({ ...now, ...changed }));

  const move = (by: number): void => {
    const { focus } = store.get();
    change({ focus: neighbour(fields, focus, by) });
  };

  const leave = (): void => {
    const { isTouched, phase } = store.get();
    if (isTouched && phase !== 'leaving') {
      change({ phase: 'leaving', message: 'esc again discards what was typed; any other key goes on.' });
      return;
    }
    buffer.clear();
    onClose();
  };

  const submit = async (): Promise<void> => {
    const now = store.get();
    const typed = buffer.take();
    change({ phase: 'sending', message: 'Sending' });
    try {
      await props.submit({
        key: now.texts.key.value.trim(),
        gateway: now.texts.gateway.value.trim(),
        agent: now.texts.agent.value.trim(),
        category: now.category,
        note: now.texts.note.value.trim(),
        value: now.isFromFile ? { file: now.file.value } : { typed },
      });
      onClose();
    } catch (failure) {
      buffer.restore(typed);
      change({ phase: 'editing', message: errorText(failure) });
    }
  };

  /** Returns false for an input that has nothing to do with the field. */
  const edit = (input: KeyPress | Paste): boolean => {
    const now = store.get();
    if (now.focus === 'value' && !now.isFromFile) {
      if (!buffer.press(input)) return false;
      change({ valueSize: buffer.isEmpty ? null : buffer.size });
      return true;
    }
    if (now.focus === 'category') {
      const by = input.type === 'key' ? categorySteps[input.name] : undefined;
      if (by === undefined) return false;
      change({ category: neighbour(secretCategories, now.category, by) });
      return true;
    }
    const text = editText(now.focus === 'value' ? now.file : now.texts[now.focus], input);
    if (text === null) return false;
    if (now.focus === 'value') change({ file: text });
    else change({ texts: { ...now.texts, [now.focus]: text } });
    return true;
  };

  useInputLayer('dialog', (input) => {
    const now = store.get();
    if (input.type === 'mouse' || now.phase === 'sending') return true;
    const name = input.type === 'key' ? input.name : '';
    if (name === 'escape' || name === 'ctrl-c') {
      leave();
      return true;
    }
    change({ phase: 'editing', message: '' });
    if (name === 'tab' || name === 'down') move(1);
    else if (name === 'shift-tab' || name === 'up') move(-1);
    else if (name === 'ctrl-o' && now.focus === 'value') change({ isFromFile: !now.isFromFile });
    else if (name === 'enter' && now.focus === fields.at(-1)) void submit();
    else if (name === 'enter') move(1);
    else if (edit(input)) change({ isTouched: true });
    return true;
  });

  const { focus, message } = state;
  const shownValue =
    focus === 'value' ? valueText(state) : focus === 'category' ? state.category : state.texts[focus].value;
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
      <Paragraph sentences={[message]} width={width} tone={messageTones[state.phase]} />
      <Box>
        <Line width={width} parts={[{ text: keysText(state, fields), tone: 'dim' }]} />
      </Box>
    </Dialog>
  );
}

function FieldView({
  field,
  state,
  width,
}: {
  readonly field: Field;
  readonly state: State;
  readonly width: number;
}): ReactNode {
  const theme = useTheme();
  const hasFocus = field === state.focus;
  if (field === 'category') {
    const [before, after] = theme.unicode ? ['‹', '›'] : ['<', '>'];
    return <Text>{`${before} ${state.category} ${after}`}</Text>;
  }
  if (field === 'value' && !state.isFromFile) {
    return (
      <Text>{theme.paint(state.valueSize === null ? 'dim' : 'plain', fill(valueText(state), width))}</Text>
    );
  }
  if (field === 'agent' && !hasFocus && state.texts.agent.value === '') {
    return <Text>{theme.paint('dim', 'every agent of the gateway')}</Text>;
  }
  return (
    <TextField
      text={field === 'value' ? state.file : state.texts[field]}
      width={width}
      hasCursor={hasFocus}
    />
  );
}

function initialState({
  fields,
  start: { key = '', gateway = '', agent = '', note = '' },
}: SecretFormProps): State {
  return {
    texts: {
      key: editedText(key),
      gateway: editedText(gateway),
      agent: editedText(agent),
      note: editedText(note),
    },
    category: 'user',
    file: noText,
    isFromFile: false,
    focus: fields[0] ?? 'value',
    phase: 'editing',
    isTouched: false,
    message: '',
    valueSize: null,
  };
}

function neighbour<Item>(items: readonly Item[], item: Item, by: number): Item {
  return items[(items.indexOf(item) + by + items.length) % items.length] ?? item;
}

function valueText({ isFromFile, file, valueSize }: State): string {
  if (isFromFile) return `from the file ${file.value}`;
  return valueSize === null ? 'nothing yet' : `${valueSize}, not shown`;
}

function keysText({ focus, isFromFile }: State, fields: readonly Field[]): string {
  const enter = focus === fields.at(-1) ? 'enter stores it' : 'enter goes on';
  const source = isFromFile ? 'ctrl-o typed instead' : 'ctrl-o from a file';
  return [enter, ...(focus === 'value' ? [source] : []), 'tab next', 'esc leaves'].join(' · ');
}
