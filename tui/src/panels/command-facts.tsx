import type { CommandRow } from '@hq/shared/rows';
import { agoOf, localTime, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { commandOutcome, commandState, commandTime } from '../columns/command-state.ts';
import { targetOf } from '../columns/commands.ts';
import { memberName } from '../columns/member-name.ts';
import type { RowContext } from '../columns/row-context.ts';
import { Line, Paragraph, type Part, paragraphLines, Remark } from '../widgets/line.tsx';
import { useTheme, useWidth } from '../widgets/theme.ts';

interface CommandFactsProps {
  readonly command: CommandRow;
  readonly context: RowContext;
}

const barWidth = 24;
/** Columns before each line. */
const indent = 3;
const mostOutcomeLines = 6;

/** Returns the lines that the facts take in this width. */
export function factLines(command: CommandRow, width: number): number {
  return 3 + (progressOf(command) === null ? outcomeLines(command, width).length : 1);
}

/** State, origin, runner and outcome of one command. */
export function CommandFacts({ command, context }: CommandFactsProps): ReactNode {
  const theme = useTheme();
  const outcome = outcomeLines(command, useWidth());
  const progress = progressParts(command, theme.unicode);
  const { mark, word, tone } = commandState(command);
  const time = commandTime(command, context.now);
  const target = targetOf(command, context);
  const payload = Object.entries(command.payload)
    .map(([key, value]) => `${key}=${plain(JSON.stringify(value))}`)
    .join(' ');
  const origin = command.origin ? ` from ${plain(command.origin)}` : '';
  const asked = `${localTime(command.created_at, context.now)} (${agoOf(command.created_at, context.now)})`;
  const attempt = command.attempt > 1 ? `attempt ${command.attempt} · ` : '';
  const runner = command.runner_id ? `run by ${plain(command.runner_id)} · ` : '';
  return (
    <>
      <Line
        parts={[
          { text: ` ${theme.mark(mark)} ${word}`, tone },
          { text: time === '' ? '' : `  ${time}` },
          { text: target === '' ? '' : `  on ${target}` },
          { text: payload === '' ? '' : `  ${payload}`, tone: 'dim' },
        ]}
      />
      <Remark text={`   asked by ${memberName(command.requested_by, context.member)}${origin}, ${asked}`} />
      <Remark text={`   ${attempt}${runner}id ${command.id}`} />
      {progress === null ? (
        <Paragraph
          sentences={outcome}
          tone={command.status === 'failed' ? 'bad' : 'strong'}
          indent={indent}
        />
      ) : (
        <Line parts={progress} />
      )}
    </>
  );
}

/** Returns the whole outcome or reason, in as many lines as it takes up to a limit. */
function outcomeLines(command: CommandRow, width: number): readonly string[] {
  return paragraphLines([commandOutcome(command)], width - indent).slice(0, mostOutcomeLines);
}

function progressOf({ status, progress }: CommandRow): number | null {
  return status === 'running' ? (progress?.percent ?? null) : null;
}

function progressParts(command: CommandRow, isUnicode: boolean): readonly Part[] | null {
  const percent = progressOf(command);
  return percent !== null
    ? [{ text: `   ${progressBar(percent, isUnicode)} `, tone: 'busy' }, { text: commandOutcome(command) }]
    : null;
}

function progressBar(percent: number, isUnicode: boolean): string {
  const [done, left] = isUnicode ? ['━', '─'] : ['#', '-'];
  const full = Math.round((Math.max(0, Math.min(100, percent)) / 100) * barWidth);
  return done.repeat(full) + left.repeat(barWidth - full);
}
