import type { NeedRow } from '@hq/shared/rows';
import { ageOf, plain } from '@hq/shared/text';
import { Text } from 'ink';
import { type ReactNode, useEffect } from 'react';
import { answersTo, type NeedAnswer } from '../actions/need-answers.ts';
import { useInputLayer } from '../app/keyboard.ts';
import { useStore, useStored } from '../app/store.ts';
import { useFeed, useUi } from '../app/ui.ts';
import { needWord } from '../columns/needs.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { Line, PaintedLine, paragraphLines } from '../widgets/line.tsx';
import { type EditedText, editText, noText, TextField } from '../widgets/text-field.tsx';
import { useSize, useTheme } from '../widgets/theme.ts';

/** A need, or the state of an agent in its form. */
export interface ShownNeed extends Omit<NeedRow, 'since'> {
  readonly since: string | null;
}

interface NeedDialogProps {
  readonly need: ShownNeed;
  /** True closes it once the need is gone from the list of needs. */
  readonly isSettledElsewhere?: boolean;
  readonly onAnswer: (answer: NeedAnswer, text: string) => void;
  readonly onClose: () => void;
}

interface State {
  /** The selected answer; none at first, so that a second enter decides nothing. */
  readonly at: number | null;
  /** True while the text of the selected answer is written. */
  readonly isWriting: boolean;
  readonly text: EditedText;
  readonly firstLine: number;
}

/** Rows of the dialog beside its question and its answers. */
const otherRows = 6;

/** One need with what may be decided about it: a number or enter decides, and where a text is needed it is written first. */
export function NeedDialog({
  need,
  isSettledElsewhere = true,
  onAnswer,
  onClose,
}: NeedDialogProps): ReactNode {
  const theme = useTheme();
  const { clock } = useUi();
  const now = useStore(clock);
  const size = useSize();
  const width = Math.min(70, size.columns - 8);
  const answers = answersTo(need);
  const lines = paragraphLines(textsOf(need).map(plain), width);
  const places = Math.max(3, size.rows - answers.length - otherRows - 2);
  const state = useAnswering({ need, onAnswer, onClose }, answers, Math.max(0, lines.length - places));
  useClosedWhenSettled(need, isSettledElsewhere, onClose);
  const shown = lines.slice(state.firstLine, state.firstLine + places);
  const title = [
    need.agent === null ? needWord(need) : `${plain(need.agent)}: ${needWord(need)}`,
    ageOf(need.since, now),
  ]
    .filter(Boolean)
    .join(', ');
  const hint = hintOf(state, answers, lines.length > places);
  return (
    <Dialog
      title={title}
      width={width}
      height={shown.length + answers.length + 3}
      spoken={[
        `dialog: ${title}`,
        ...lines,
        ...answers.map(({ label }, at) => `${at + 1} ${plain(label)}${at === state.at ? ', selected' : ''}`),
        ...(state.isWriting ? [`written so far: ${state.text.value}`] : []),
        hint,
      ]}
    >
      {[...shown.entries()].map(([place, text]) => (
        <PaintedLine key={place} text={text} />
      ))}
      <Text> </Text>
      {answers.map((answer, at) =>
        state.isWriting && at === state.at ? (
          <TextField key={answer.label} text={state.text} width={width} />
        ) : (
          <Line
            key={answer.label}
            parts={[
              {
                text: `${at === state.at ? theme.pointer : ' '} ${at + 1} ${plain(answer.label)}`,
                tone: at === state.at ? 'strong' : 'plain',
              },
              { text: answer.isAllowed ? '' : '  (not with your role)', tone: 'dim' },
            ]}
          />
        ),
      )}
      <Text> </Text>
      <Line parts={[{ text: hint, tone: 'dim' }]} />
    </Dialog>
  );
}

function textsOf({ title, detail, expires_at }: ShownNeed): readonly string[] {
  return [
    ...title.split('\n'),
    ...(detail === null ? [] : detail.split('\n')),
    ...(expires_at === null ? [] : [`It expires ${expires_at.slice(0, 16).replace('T', ' ')} UTC.`]),
  ];
}

function hintOf({ isWriting, at }: State, answers: readonly NeedAnswer[], isLong: boolean): string {
  if (isWriting) return `${answers[at ?? 0]?.asks?.label ?? 'Answer'}: enter sends it, esc goes back`;
  if (answers.length === 0) return 'There is nothing to decide here; esc closes.';
  return `a number decides, or an arrow and enter; esc closes${isLong ? ', pgdn reads on' : ''}`;
}

/** Closes the dialog of a need that somebody else settled, and says what they decided. */
function useClosedWhenSettled(need: ShownNeed, isWatched: boolean, onClose: () => void): void {
  const { session, needs } = useUi();
  const { rows, status } = useFeed(session.needs);
  const isGone =
    isWatched && status !== 'loading' && !rows.some(({ kind, id }) => kind === need.kind && id === need.id);
  useEffect(() => {
    if (!isGone) return;
    onClose();
    needs.tellOutcome(need);
  }, [isGone, need, needs, onClose]);
}

function useAnswering(
  { onAnswer, onClose }: NeedDialogProps,
  answers: readonly NeedAnswer[],
  lastLine: number,
): State {
  const [shown, state] = useStored<State>(() => ({ at: null, isWriting: false, text: noText, firstLine: 0 }));
  const change = (changed: Partial<State>): void => state.update((now) => ({ ...now, ...changed }));

  const choose = (at: number): void => {
    const answer = answers[at];
    const { isWriting, text } = state.get();
    if (answer === undefined) return;
    if (answer.asks !== null && !isWriting) {
      change({ at, isWriting: true });
    } else if (answer.asks === null || text.value.trim() !== '') {
      onClose();
      onAnswer(answer, text.value.trim());
    }
  };

  useInputLayer('dialog', (input) => {
    if (input.type === 'mouse') return true;
    const now = state.get();
    const name = input.type === 'key' ? input.name : '';
    if (name === 'ctrl-c') onClose();
    else if (name === 'enter') choose(now.at ?? answers.length);
    else if (now.isWriting) {
      const text = name === 'escape' ? null : editText(now.text, input);
      if (name === 'escape') change({ isWriting: false });
      else if (text === null) return false;
      else change({ text });
    } else if (name === 'escape' || name === 'q') onClose();
    else if (['down', 'j', 'tab'].includes(name))
      change({ at: Math.min(answers.length - 1, (now.at ?? -1) + 1) });
    else if (['up', 'k', 'shift-tab'].includes(name)) change({ at: Math.max(0, (now.at ?? 1) - 1) });
    else if (name === 'pagedown') change({ firstLine: Math.min(lastLine, now.firstLine + 5) });
    else if (name === 'pageup') change({ firstLine: Math.max(0, now.firstLine - 5) });
    else if (/^[1-9]$/.test(name)) choose(Number(name) - 1);
    else return false;
    return true;
  });
  return shown;
}
