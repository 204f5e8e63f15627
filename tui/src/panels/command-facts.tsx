import type { CommandRow } from '@hq/shared/rows';
import { agoOf, localTime, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { commandOutcome, commandState, commandTime } from '../columns/command-state.ts';
import { targetOf } from '../columns/commands.ts';
import { memberName } from '../columns/member-name.ts';
import type { RowContext } from '../columns/row-context.ts';
import { Line, type Part, Remark } from '../widgets/line.tsx';
import { useTheme } from '../widgets/theme.ts';

interface CommandFactsProps {
  readonly command: CommandRow;
  readonly context: RowContext;
}

export const factLines = 4;
const barWidth = 24;

/** State, origin, runner and outcome of one command. */
export function CommandFacts({ command, context }: CommandFactsProps): ReactNode {
  const theme = useTheme();
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
      <Line parts={outcomeParts(command, theme.unicode)} />
    </>
  );
}

function outcomeParts(command: CommandRow, isUnicode: boolean): readonly Part[] {
  const outcome = commandOutcome(command);
  const percent = command.status === 'running' ? command.progress?.percent : null;
  if (typeof percent === 'number')
    return [{ text: `   ${progressBar(percent, isUnicode)} `, tone: 'busy' }, { text: outcome }];
  return outcome === ''
    ? []
    : [{ text: '   ' }, { text: outcome, tone: command.status === 'failed' ? 'bad' : 'strong' }];
}

function progressBar(percent: number, isUnicode: boolean): string {
  const [done, left] = isUnicode ? ['━', '─'] : ['#', '-'];
  const full = Math.round((Math.max(0, Math.min(100, percent)) / 100) * barWidth);
  return done.repeat(full) + left.repeat(barWidth - full);
}
