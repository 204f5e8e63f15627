import { Box, Text, useApp } from 'ink';
import { Component, memo, type ReactNode, useEffect, useSyncExternalStore } from 'react';
import type { App } from './app.ts';
import { spokenLines } from './frame/spoken.ts';

/** One line of the screen. What has not changed is not rendered again. */
const Line = memo(function Line({ text }: { readonly text: string }): ReactNode {
  // Ink takes every cell of a text apart: blanks at its end, which are most of a screen, would cost as much as the rest.
  return <Text wrap="truncate">{text.trimEnd() || ' '}</Text>;
});

function Lines({ lines }: { readonly lines: readonly string[] }): ReactNode {
  // A line is its place on the screen: there is no better key.
  return [...lines.entries()].map(([place, text]) => <Line key={place} text={text} />);
}

/** The frame of the app, drawn; exactly as large as the terminal. */
export function Screen({ app }: { readonly app: App }): ReactNode {
  const frame = useSyncExternalStore(app.subscribe, app.frame);
  const { overlay } = frame;
  return (
    <Box width={frame.columns} height={frame.rows} flexDirection="column" overflow="hidden">
      <Lines lines={frame.lines} />
      {overlay === null ? null : (
        <Box position="absolute" flexDirection="column" top={overlay.top} left={overlay.left}>
          <Lines lines={overlay.lines} />
        </Box>
      )}
    </Box>
  );
}

/** The same as lines to be read out. */
export function SpokenScreen({ app }: { readonly app: App }): ReactNode {
  const frame = useSyncExternalStore(app.subscribe, app.frame);
  return (
    <Box flexDirection="column">
      <Lines lines={spokenLines(frame)} />
    </Box>
  );
}

export type Lend = (run: () => Promise<void>) => Promise<void>;

/** Hands out the one way to lend the terminal to another program: Ink gives it to components alone. */
export function Lender({ onReady }: { readonly onReady: (lend: Lend) => void }): ReactNode {
  const { suspendTerminal } = useApp();
  useEffect(() => onReady((run) => suspendTerminal(run)), [onReady, suspendTerminal]);
  return null;
}

/** A screen that cannot be drawn must end the program with its reason, not vanish with the alternate screen. */
export class DrawingFault extends Component<
  { readonly children: ReactNode; readonly onFault: (error: unknown) => void },
  { readonly hasFailed: boolean }
> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.onFault(error);
  }

  override render(): ReactNode {
    return this.state.hasFailed ? null : this.props.children;
  }
}
