import type { AgentActivityRow } from '@hq/shared/rows';
import { elapsed, msSince, plain, plainLine } from '@hq/shared/text';
import { Box } from 'ink';
import type { ReactNode } from 'react';
import { Line, paragraphLines, Rule } from '../widgets/line.tsx';
import { useTheme, useWidth } from '../widgets/theme.ts';

interface ActivityPanelProps {
  readonly activity: AgentActivityRow;
  /** Subject of the turn. */
  readonly about: string;
  readonly now: number;
  readonly height: number;
}

/** Lines around the text: the rule, what it is about, the tool with tokens and cost, and an empty line. */
const otherLines = 4;

/** The turn that an agent has for an item of its inbox, while it runs: the tool, the tokens, the cost, and the end of what it says. */
export function ActivityPanel({ activity, about, now, height }: ActivityPanelProps): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const running = msSince(activity.since, now);
  const said = paragraphLines(plainLine(activity.text ?? '').split('\n'), width - 3);
  const shown = said.slice(-Math.max(0, height - otherLines));
  return (
    <Box flexDirection="column" flexShrink={0} height={height} overflow="hidden">
      <Rule title="Turn now" note={running === null ? '' : elapsed(running)} />
      <Line
        parts={[
          { text: ` ${theme.mark('busy')} `, tone: 'busy' },
          { text: plain(about), tone: 'strong' },
        ]}
      />
      <Line parts={[{ text: `   ${activityText(activity)}`, tone: 'dim' }]} />
      {[...shown.entries()].map(([place, text]) => (
        <Line key={place} parts={[{ text: `   ${text}` }]} />
      ))}
    </Box>
  );
}

/** Returns the tool, tokens, cost and model of a turn, as far as they are known. */
function activityText({ tool, tokens, cost_usd: cost, model }: AgentActivityRow): string {
  return [
    tool === null ? 'thinks' : `uses ${plain(tool)}`,
    tokens === null ? '' : `${tokens} tokens`,
    cost === null ? '' : `${cost.toFixed(4)} USD`,
    model === null ? '' : plain(model),
  ]
    .filter(Boolean)
    .join(' · ');
}
