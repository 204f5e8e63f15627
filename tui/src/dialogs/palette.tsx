import { Text } from 'ink';
import type { ReactNode } from 'react';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { cut, fill, widthOf } from '../table/cell.ts';
import type { Theme } from '../theme/theme.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { PaintedLine, Paragraph, paragraphLines } from '../widgets/line.tsx';
import { type EditedText, editedText, editText, fieldText } from '../widgets/text-field.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';
import { argumentsOf, matchingEntries, type PaletteEntry } from './palette-entries.ts';
import type { Arguments } from './start-action.ts';

export interface Chosen extends Arguments {
  readonly entry: PaletteEntry;
  /** Everything that was typed. */
  readonly text: string;
}

interface PaletteProps {
  readonly entries: readonly PaletteEntry[];
  /** The names of what is selected. */
  readonly targets: Readonly<Record<'gateway' | 'agent', string | null>>;
  /** Text that was typed before and refused. */
  readonly start?: string;
  /** Returns what is wrong with the arguments: the palette then stays open with them. */
  readonly onChoose: (chosen: Chosen) => string | null;
  readonly onClose: () => void;
}

interface State {
  readonly text: EditedText;
  readonly index: number;
  readonly fault: string;
}

/** Everything that can be done, by its name. Arguments follow the name: `tail_logs lines=50 primary`. */
export function Palette({ entries, targets, start = '', onChoose, onClose }: PaletteProps): ReactNode {
  const theme = useTheme();
  const size = useSize();
  const [{ text, index, fault }, state] = useStored<State>(() => ({
    ...{ text: editedText(start), index: 0, fault: '' },
  }));

  useInputLayer('dialog', (input) => {
    if (input.type === 'mouse') return true;
    const now = state.get();
    const found = matchingEntries(entries, now.text.value);
    const entry = found[now.index];
    const name = input.type === 'key' ? input.name : '';
    if (name === 'escape' || name === 'ctrl-c' || (name === 'backspace' && now.text.value === '')) onClose();
    else if (name === 'down' || name === 'ctrl-n')
      state.set({ ...now, index: Math.min(found.length - 1, now.index + 1) });
    else if (name === 'up' || name === 'ctrl-p') state.set({ ...now, index: Math.max(0, now.index - 1) });
    else if (name === 'tab' && entry !== undefined)
      state.set({ text: editedText(`${entry.name} `), index: 0, fault: '' });
    else if (name === 'enter' && entry !== undefined) {
      const wrong = onChoose({ entry, text: now.text.value, ...argumentsOf(now.text.value, entry) });
      if (wrong === null) onClose();
      else state.set({ ...now, fault: wrong });
    } else {
      const next = editText(now.text, input);
      if (next !== null)
        state.set({ text: next, index: next.value === now.text.value ? now.index : 0, fault: '' });
    }
    return true;
  });

  const width = Math.min(76, size.columns - 8);
  const faultLines = paragraphLines([fault], width).length;
  const places = Math.max(3, Math.min(12, size.rows - 5 - faultLines));
  const found = matchingEntries(entries, text.value);
  const first = Math.max(0, Math.min(index - places + 1, found.length - places));
  const selected = found[index];
  const fields = found.length === 1 ? (selected?.fields.slice(0, places - 1) ?? []) : [];
  return (
    <Dialog
      title="Run · tab completes · key=value sets a field, a name the target"
      width={width}
      height={places + 1 + faultLines}
      spoken={[
        `palette: ${text.value}`,
        ...(fault === '' ? [] : [fault]),
        selected === undefined
          ? 'no action has this name'
          : `${index + 1} of ${found.length}: ${selected.name}, ${selected.title}`,
        ...fields,
      ]}
    >
      <Text wrap="truncate">{`${theme.paint('accent', ':')} ${fieldText(text, width - 2)}`}</Text>
      {fault === '' ? <Text> </Text> : <Paragraph sentences={[fault]} tone="bad" />}
      {found.length === 0 ? <PaintedLine text={theme.paint('dim', ' Nothing is called that.')} /> : null}
      {found.slice(first, first + places).map((entry, at) => (
        <PaintedLine key={entry.name} text={entryText(entry, targets, first + at === index, width, theme)} />
      ))}
      {fields.map((field) => (
        <PaintedLine key={field} text={theme.paint('dim', `   ${cut(field, width - 4)}`)} />
      ))}
    </Dialog>
  );
}

function entryText(
  entry: PaletteEntry,
  targets: PaletteProps['targets'],
  isSelected: boolean,
  width: number,
  theme: Theme,
): string {
  const target = entry.aimsAt === null ? null : targets[entry.aimsAt];
  const note = cut([target === null ? '' : `on ${target}`, entry.note].filter(Boolean).join(' · '), 30);
  const title = fill(entry.title, Math.max(0, width - 20 - 4 - widthOf(note)));
  const line = `${fill(entry.name, 20)}  ${title} ${theme.paint(entry.note === '' ? 'dim' : 'warn', note)}`;
  const padded = line + ' '.repeat(Math.max(0, width - 1 - widthOf(line)));
  return isSelected ? theme.select(theme.paint('accent', theme.bar) + padded) : ` ${padded}`;
}
