import { Box, useIsScreenReaderEnabled } from 'ink';
import type { ReactNode } from 'react';
import { Notice, PaintedLine } from '../widgets/line.tsx';
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
  const { columns, rows } = useSize();
  if (useIsScreenReaderEnabled()) return children;
  const isTooSmall = columns < smallest.columns || rows < smallest.rows;
  return (
    <Box width={columns} height={rows} flexDirection="column" overflow="hidden">
      {isTooSmall ? <TooSmall onQuit={onQuit} /> : null}
      <Box flexDirection="column" height={rows} flexShrink={0} display={isTooSmall ? 'none' : 'flex'}>
        {children}
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
  return <Notice sentences={needs} width={columns} height={rows} />;
}

function Content({ state }: { readonly state: AppState }): ReactNode {
  const { signIn, host, isReadonly } = state;
  const { columns, rows } = useSize();
  const theme = useTheme();
  const flow = useStore(signIn.state);
  if (flow.phase === 'signed-in') return flow.view.element;
  const keys = flow.phase === 'form' ? ' tab next field   enter sign in   ctrl-c quit' : ' q quit';
  return (
    <>
      <ConnectionLine
        host={signIn.host}
        member={null}
        isReadonly={isReadonly}
        connection={null}
        now={host.now()}
      />
      {flow.phase === 'form' ? (
        <SignInForm
          flow={signIn}
          isBusy={flow.isBusy}
          error={flow.error}
          height={rows - 2}
          onQuit={host.quit}
        />
      ) : (
        <Connecting
          host={signIn.host}
          error={flow.error}
          width={columns}
          height={rows - 2}
          onQuit={host.quit}
        />
      )}
      <PaintedLine text={theme.paint('dim', keys)} />
    </>
  );
}

interface ConnectingProps {
  readonly host: string;
  readonly error: string | null;
  readonly width: number;
  readonly height: number;
  readonly onQuit: () => void;
}

function Connecting({ host, error, width, height, onQuit }: ConnectingProps): ReactNode {
  useInputLayer('app', (input) => {
    if (input.type !== 'key' || !['q', 'ctrl-c', 'escape'].includes(input.name)) return false;
    onQuit();
    return true;
  });
  const sentences = error === null ? [`Opening ${host}`] : [error, 'Trying again every few seconds.'];
  return (
    <Box flexDirection="column" height={height} flexShrink={0}>
      <Notice sentences={sentences} width={width} height={height} />
    </Box>
  );
}
