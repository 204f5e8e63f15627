import type { CommandRow } from '@hq/shared/rows';
import { plain, plainLine } from '@hq/shared/text';
import { Box } from 'ink';
import { type ReactNode, useMemo } from 'react';
import { useOpenFeed, useRows, useUi } from '../app/ui.ts';
import { commandOutcome, commandState, commandTime } from '../columns/command-state.ts';
import { Line, Rule } from '../widgets/line.tsx';
import { outputLines } from '../widgets/output-lines.ts';
import { useTheme } from '../widgets/theme.ts';

interface TurnPanelProps {
  /** A command `wake_agent`. */
  readonly command: CommandRow;
  readonly now: number;
  readonly height: number;
}

/** Lines around the output: the rule, the message, the outcome and an empty line. */
const otherLines = 4;

/** The text and tools of a turn while they come, and at the end its answer with tokens and cost. */
export function TurnPanel({ command, now, height }: TurnPanelProps): ReactNode {
  const { session } = useUi();
  const theme = useTheme();
  const rows = useRows(useOpenFeed(() => session.commandOutput(command.id)));
  const lines = useMemo(() => outputLines(rows).filter(({ text }) => text.trim() !== ''), [rows]);
  const shown = lines.slice(-Math.max(1, height - otherLines));
  const { word, mark, tone } = commandState(command);
  const message = typeof command.payload.message === 'string' ? command.payload.message : '';
  // The output of a turn that ended well has its text, tools, tokens and cost.
  const outcome = command.status === 'done' ? '' : commandOutcome(command);
  return (
    <Box flexDirection="column" flexShrink={0} height={height} overflow="hidden">
      <Rule title="Last turn" note={[word, commandTime(command, now)].filter(Boolean).join(' ')} />
      <Line
        parts={[
          { text: ` ${theme.mark(mark)} `, tone },
          { text: plain(message), tone: 'dim' },
        ]}
      />
      {[...shown.entries()].map(([place, { stream, text }]) => (
        <Line
          key={place}
          parts={[{ text: `   ${plainLine(text)}`, tone: stream === 'stderr' ? 'dim' : 'plain' }]}
        />
      ))}
      <Line
        parts={
          outcome === ''
            ? []
            : [{ text: `   ${outcome}`, tone: command.status === 'failed' ? 'bad' : 'strong' }]
        }
      />
    </Box>
  );
}
