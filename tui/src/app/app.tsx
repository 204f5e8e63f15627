import { Box, useIsScreenReaderEnabled } from 'ink';
import type { ReactNode } from 'react';
import { Notice, PaintedLine } from '../widgets/line.tsx';
import { Panel } from '../widgets/panel.tsx';
import { SizeContext, ThemeContext, useSize, useTheme } from '../widgets/theme.ts';
import type { AppState } from './app-state.ts';
import { ConnectionLine } from './connection-line.tsx';
import { KeyboardContext, useInputLayer } from './keyboard.ts';
import { SignInForm } from './sign-in-form.tsx';
import { useStore } from './store.ts';

const smallest = { columns: 60, rows: 16 };

/** The whole program on the screen, exactly as large as the terminal. */
export function App({ state }: { readonly state: AppState }): ReactNode {
  const size = useStore(state.size);
  const theme = useStore(state.theme);
  return (
    <KeyboardContext value={state.keyboard}>
      <SizeContext value={size}>
        <ThemeContext value={theme}>
          <Sized onQuit={state.host.quit}>
            <Content state={state} />
          </Sized>
        </ThemeContext>
      </SizeContext>
    </KeyboardContext>
  );
}

/** Hides what has no place, and keeps its state: a form that is being filled in survives a small window. */
function Sized({
  onQuit,
  children,
}: {
  readonly onQuit: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const size = useSize();
  const { columns, rows } = size;
  if (useIsScreenReaderEnabled()) return children;
  const isTooSmall = columns < smallest.columns || rows < smallest.rows;
  // Gives what is hidden a size that it can be drawn in.
  const sizeInside = isTooSmall
    ? { columns: Math.max(columns, smallest.columns), rows: Math.max(rows, smallest.rows) }
    : size;
  return (
    <Box width={columns} height={rows} flexDirection="column" overflow="hidden">
      {isTooSmall ? <TooSmall onQuit={onQuit} /> : null}
      <Box flexDirection="column" height={rows} flexShrink={0} display={isTooSmall ? 'none' : 'flex'}>
        <SizeContext value={sizeInside}>{children}</SizeContext>
      </Box>
    </Box>
  );
}

/** Keeps every key from screens that nobody can see. */
function TooSmall({ onQuit }: { readonly onQuit: () => void }): ReactNode {
  const { columns, rows } = useSize();
  useInputLayer('window', (input) => {
    if (input.type === 'key' && input.name === 'ctrl-c') onQuit();
    return true;
  });
  const needs = [
    `HQ needs ${smallest.columns} × ${smallest.rows}.`,
    `This is ${columns} × ${rows}.`,
    'ctrl-c leaves HQ.',
  ];
  return <Notice sentences={needs} height={rows} />;
}

function Content({ state }: { readonly state: AppState }): ReactNode {
  const { signIn, host, isReadonly } = state;
  const { columns, rows } = useSize();
  const theme = useTheme();
  const flow = useStore(signIn.state);
  if (flow.phase === 'signed-in') return flow.view.element;
  const line = { host: signIn.host, member: null, isReadonly, connection: null, now: host.now() };
  const place = { width: columns, height: rows - 2 };
  if (flow.phase === 'form') {
    return (
      <>
        <ConnectionLine {...line} />
        <SignInForm flow={signIn} isBusy={flow.isBusy} error={flow.error} {...place} onQuit={host.quit} />
        <PaintedLine text={theme.paint('dim', ' tab next field   enter sign in   ctrl-c quit')} />
      </>
    );
  }
  const failed = flow.error === null ? null : [flow.error, 'Trying again every few seconds.'];
  return (
    <>
      <ConnectionLine {...line} />
      <QuitKeys onQuit={host.quit} />
      <Panel {...place}>
        <Notice sentences={failed ?? [`Opening ${signIn.host}`]} height={place.height} />
      </Panel>
      <PaintedLine text={theme.paint('dim', ' q quit')} />
    </>
  );
}

function QuitKeys({ onQuit }: { readonly onQuit: () => void }): ReactNode {
  useInputLayer('app', (input) => {
    if (input.type !== 'key' || !['q', 'ctrl-c', 'escape'].includes(input.name)) return false;
    onQuit();
    return true;
  });
  return null;
}
