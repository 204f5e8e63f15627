import { plainLine } from '@hq/shared/text';
import { type ReactNode, useLayoutEffect } from 'react';
import { useInputLayer } from '../app/keyboard.ts';
import { useStore } from '../app/store.ts';
import { Line, Notice, Rule } from '../widgets/line.tsx';
import type { OutputLine } from '../widgets/output-lines.ts';
import { Panel, type Place } from '../widgets/panel.tsx';
import type { Scroll } from '../widgets/scroll.ts';
import { useTheme } from '../widgets/theme.ts';

const wheelLines = 3;

/** Scrolls by the wheel of the mouse while the component is mounted. */
export function useWheel(scroll: Scroll): void {
  useInputLayer('screen', (input) => {
    if (input.type !== 'mouse' || (input.kind !== 'wheel-up' && input.kind !== 'wheel-down')) return false;
    scroll.move(input.kind === 'wheel-up' ? -wheelLines : wheelLines);
    return true;
  });
}

interface OutputPanelProps extends Place {
  readonly title: string;
  /** A sentence where there is no output. */
  readonly whenEmpty: string;
  readonly lines: readonly OutputLine[];
  readonly scroll: Scroll;
}

/** The lines of an output in a window that follows its end until somebody scrolls up. */
export function OutputPanel({ title, whenEmpty, lines, scroll, width, height }: OutputPanelProps): ReactNode {
  const theme = useTheme();
  const { isFollowing } = useStore(scroll.state);
  const top = scroll.topOf(lines.length, height);
  const shown = lines.slice(top, top + height);
  useLayoutEffect(() => {
    scroll.count = lines.length;
    scroll.height = height;
  });
  const position = lines.length === 0 ? [] : [`${top + shown.length} of ${lines.length}`];
  return (
    <>
      <Rule title={title} note={[isFollowing ? 'following' : 'paused, f follows', ...position].join(' · ')} />
      <Panel width={width} height={height}>
        {lines.length === 0 ? (
          <Notice sentences={[whenEmpty]} height={height} />
        ) : (
          // Keyed by place: a log that runs would mount every line again for each frame.
          [...shown.entries()].map(([place, { stream, text }]) => (
            <Line
              key={place}
              parts={[
                { text: stream === 'stderr' ? `${theme.mark('warn')} ` : '  ', tone: 'warn' },
                { text: plainLine(text) },
              ]}
            />
          ))
        )}
      </Panel>
    </>
  );
}
