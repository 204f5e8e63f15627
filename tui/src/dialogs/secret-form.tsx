import { type SecretCategory, secretCategories } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { Text } from 'ink';
import { type ReactNode, useRef, useState } from 'react';
import { errorText } from '../actions/error-text.ts';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { looksLikeCredential } from '../secrets/refuse-credential.ts';
import { SecretBuffer } from '../secrets/secret-buffer.ts';
import { fill } from '../table/cell.ts';
import type { KeyPress, Paste } from '../terminal/input.ts';
import { choose } from '../widgets/choice.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { FormRow } from '../widgets/form-row.tsx';
import { Paragraph, paragraphLines, Remark } from '../widgets/line.tsx';
import { type EditedText, editedText, editText, noText, TextField } from '../widgets/text-field.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';

const titles = {
  key: 'Key',
  value: 'Value',
  gateway: 'Gateway',
  agent: 'Agent',
  category: 'Category',
  note: 'Note',
} as const;
type Field = keyof typeof titles;
type Texts = Readonly<Record<Field, string>>;

/** `agent` is empty for every agent of the gateway. */
export type FilledIn = Readonly<Record<Exclude<Field, 'category' | 'value'>, string>> & {
  readonly category: SecretCategory;
  readonly value: { readonly typed: string } | { readonly file: string };
};

export interface SecretFormProps {
  readonly title: string;
  readonly fields: readonly Field[];
  readonly start: Readonly<Partial<Texts>>;
  /** The slugs to choose from, and those of the agents of a gateway. */
  readonly gateways?: readonly string[];
  readonly agentsOf?: (gateway: string) => readonly string[];
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
  /** Letters that were typed to find an option. */
  readonly typed: string;
  readonly phase: 'editing' | 'sending';
  /** An escape was pressed, and another one leaves. */
  readonly isLeaving: boolean;
  readonly isTouched: boolean;
  readonly message: string;
  /** The size of the typed value, which is never shown; null for none. */
  readonly valueSize: string | null;
}

const labelWidth = 10;

/** The text of a field without a choice. */
const nothingChosen: Readonly<Partial<Texts>> = {
  gateway: 'none yet: arrows or its first letters choose',
  agent: 'every agent of the gateway',
};

/** A name is drawn while it has capitals, digits and underscores alone: a value in its place is never seen. */
const drawnName = /^(?:[A-Z][A-Z0-9_]*)?$/;

/** Asks for a secret, or for a part of one. A typed value is never shown, and kept no longer than it is needed. */
export function SecretForm(props: SecretFormProps): ReactNode {
  const { title, fields } = props;
  const state = useFormState(props);
  const width = Math.min(66, useSize().columns - 8);
  const { focus } = state;
  const message = state.message || hiddenText(state, fields);
  return (
    <Dialog
      title={title}
      width={width}
      height={fields.length + paragraphLines([message], width).length + 3}
      spoken={[
        `dialog: ${title}`,
        `editing ${titles[focus].toLowerCase()}: ${spokenText(state)}; tab moves, enter goes on, escape leaves`,
        message,
      ]}
    >
      <Text> </Text>
      {fields.map((field) => (
        <FormRow key={field} label={titles[field]} labelWidth={labelWidth} hasFocus={field === focus}>
          <FieldView
            field={field}
            state={state}
            options={optionsOf(field, state, props)}
            width={width - labelWidth - 2}
          />
        </FormRow>
      ))}
      <Text> </Text>
      <Paragraph
        sentences={[message]}
        tone={state.isLeaving || state.message === '' ? 'warn' : state.phase === 'sending' ? 'busy' : 'bad'}
      />
      <Remark text={keysText(state, fields)} />
    </Dialog>
  );
}

/** The state of the form, changed by its keys while the component is mounted. */
function useFormState(props: SecretFormProps): State {
  const { fields, start, submit, onLateFailure, onClose } = props;
  const [buffer] = useState(() => new SecretBuffer());
  const left = useRef(false);
  const [state, store] = useStored((): State => {
    const text = (field: Field): EditedText => editedText(start[field] ?? '');
    return {
      texts: {
        key: text('key'),
        value: noText,
        gateway: text('gateway'),
        agent: text('agent'),
        category: editedText(secretCategories[0]),
        note: text('note'),
      },
      typed: '',
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
  const move = (by: number): void => change({ focus: neighbour(fields, store.get().focus, by), typed: '' });

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
      const changed = editedBy(input, now, props);
      if (changed !== null) change({ ...changed, isTouched: true });
    }
    return true;
  });
  return state;
}

/** Returns what an input changes in the field with the focus; null for an input that edits nothing. */
function editedBy(input: KeyPress | Paste, state: State, props: SecretFormProps): Partial<State> | null {
  const { focus, texts, typed } = state;
  const options = optionsOf(focus, state, props);
  if (options === null) {
    const text = editText(texts[focus], input);
    return text === null ? null : { texts: { ...texts, [focus]: text } };
  }
  const chosen = choose(options, { value: texts[focus].value, typed }, input);
  if (chosen === null) {
    const isMisplaced = input.type === 'paste' && looksLikeCredential(input.text);
    return isMisplaced ? { message: belongsIntoValue } : null;
  }
  // An agent is one of its gateway.
  const agent = focus === 'gateway' && chosen.value !== texts.gateway.value ? noText : texts.agent;
  return { texts: { ...texts, agent, [focus]: editedText(chosen.value) }, typed: chosen.typed };
}

/** Returns what a field is chosen from; null for a field that is written. */
function optionsOf(
  field: Field,
  { texts }: State,
  { gateways = [], agentsOf = () => [] }: SecretFormProps,
): readonly string[] | null {
  if (field === 'category') return secretCategories;
  if (field === 'gateway') return gateways;
  return field === 'agent' ? ['', ...agentsOf(texts.gateway.value)] : null;
}

const belongsIntoValue = 'That looks like a credential. It belongs into Value, and is shown nowhere.';

/** True for a text that is not drawn. */
function isHidden(field: Field, { texts }: State): boolean {
  const { value } = texts[field];
  return (field === 'key' && !drawnName.test(value)) || looksLikeCredential(value);
}

/** Says why a text is not drawn; empty where all are. */
function hiddenText(state: State, fields: readonly Field[]): string {
  const hidden = fields.filter((field) => isHidden(field, state));
  if (hidden.some((field) => looksLikeCredential(state.texts[field].value))) return belongsIntoValue;
  return hidden.length === 0
    ? ''
    : 'A key has capitals, digits and underscores. Is this the value? It belongs one field down.';
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
  /** Null for a field that is written. */
  readonly options: readonly string[] | null;
  readonly width: number;
}

function FieldView({ field, state, options, width }: FieldViewProps): ReactNode {
  const theme = useTheme();
  const text = state.texts[field];
  const hasFocus = field === state.focus;
  if (options !== null) {
    const [before, after] = theme.unicode ? ['‹', '›'] : ['<', '>'];
    const shown = plain(text.value) || theme.paint('dim', nothingChosen[field] ?? '');
    const place =
      options.includes(text.value) && options.length > 1
        ? `${options.indexOf(text.value) + 1} of ${options.length}`
        : '';
    return <Text wrap="truncate">{`${before} ${shown} ${after}  ${theme.paint('dim', place)}`}</Text>;
  }
  if (field === 'value' && !state.isFromFile) {
    return (
      <Text>{theme.paint(state.valueSize === null ? 'dim' : 'plain', fill(valueText(state), width))}</Text>
    );
  }
  return <TextField text={text} width={width} hasCursor={hasFocus} isHidden={isHidden(field, state)} />;
}

function neighbour<Item>(items: readonly Item[], item: Item, by: number): Item {
  return items[(items.indexOf(item) + by + items.length) % items.length] ?? item;
}

function spokenText(state: State): string {
  const { focus, texts } = state;
  if (focus === 'value' && !state.isFromFile) return valueText(state);
  return isHidden(focus, state) ? 'hidden' : texts[focus].value || (nothingChosen[focus] ?? '');
}

function valueText({ valueSize }: State): string {
  return valueSize === null ? 'nothing yet' : `${valueSize}, not shown`;
}

function keysText({ focus, isFromFile }: State, fields: readonly Field[]): string {
  const enter = focus === fields.at(-1) ? 'enter stores it' : 'enter goes on';
  const source = isFromFile ? 'ctrl-o typed instead' : 'ctrl-o from a file';
  return [enter, ...(focus === 'value' ? [source] : []), 'tab next', 'esc leaves'].join(' · ');
}
