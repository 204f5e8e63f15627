import type { CommandRow } from '@hq/shared/rows';
import { ageOf, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { commandOutcome, commandState, commandTime } from '../columns/command-state.ts';
import { fill, widthOf } from '../table/cell.ts';
import { Line, type Part } from '../widgets/line.tsx';
import { useTheme, useWidth } from '../widgets/theme.ts';

interface CommandLineProps {
  readonly command: CommandRow;
  readonly now: number;
  /** Left out where the panel is about the target. */
  readonly target?: string;
}

/** Columns that are left for the age and the outcome where each is shown. */
const enoughForAge = 26;
const enoughForOutcome = 10;

/** One command in one line of a panel. */
export function CommandLine({ command, now, target }: CommandLineProps): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const { mark, word, tone } = commandState(command);
  const parts: Part[] = [
    { text: ` ${theme.mark(mark)} `, tone },
    { text: `${fill(plain(command.action), 18)} ` },
    { text: target === undefined ? '' : `${fill(target, 12)} ` },
    { text: `${fill(word, 10)} `, tone },
    { text: `${fill(commandTime(command, now), 6, 'right')}  ` },
  ];
  const left = width - parts.reduce((sum, { text }) => sum + widthOf(text), 0);
  if (left >= enoughForAge) parts.push({ text: fill(ageOf(command.created_at, now), 6), tone: 'dim' });
  if (left >= enoughForOutcome) parts.push({ text: commandOutcome(command), tone: 'dim' });
  return <Line parts={parts} />;
}
