import { stripVTControlCharacters } from 'node:util';
import { Box, Text } from 'ink';
import { render } from 'ink-testing-library';
import type { ReactElement } from 'react';
import { App } from '../src/app/app.tsx';
import { type AppOptions, AppState } from '../src/app/app-state.ts';
import { Keyboard, KeyboardContext } from '../src/app/keyboard.ts';
import { openView } from '../src/app/signed-in.tsx';
import type { TerminalHost } from '../src/app/terminal-host.ts';
import type { CommandRequest, Connector } from '../src/session/session.ts';
import { InputDecoder } from '../src/terminal/input-decoder.ts';
import { createTheme } from '../src/theme/theme.ts';
import { type Size, SizeContext, ThemeContext } from '../src/widgets/theme.ts';
import { sampleConnector } from './sample-session.ts';

const theme = createTheme({ colours: 256, ground: 'dark', unicode: true });

/** The frames of a tree, without a terminal. */
class Frames {
  readonly #ink: ReturnType<typeof render>;
  #size: Size;

  constructor(node: ReactElement, size: Size) {
    this.#size = size;
    this.#ink = render(<Text> </Text>);
    Object.defineProperty(this.#ink.stdout, 'columns', { get: () => this.#size.columns });
    this.#ink.rerender(node);
  }

  get all(): readonly string[] {
    return this.#ink.frames;
  }

  /** The last frame with its colours. */
  get last(): string {
    return this.#ink.lastFrame() ?? '';
  }

  get text(): string {
    return stripVTControlCharacters(this.last);
  }

  show(node: ReactElement): void {
    this.#ink.rerender(node);
  }

  resize(size: Size): void {
    this.#size = size;
  }

  close(): void {
    this.#ink.unmount();
  }
}

/** Types bytes as a terminal would send them, and waits until they are handled. */
function typist(keyboard: Keyboard): (keys: string) => Promise<void> {
  const decoder = new InputDecoder();
  return async (keys) => {
    for (const input of [...decoder.push(keys), ...decoder.settle()]) {
      if (input.type !== 'reply') keyboard.press(input);
    }
    await keyboard.idle();
  };
}

/** A component with a keyboard, such as a dialog. */
export function renderComponent(node: ReactElement, size: Size = { columns: 80, rows: 24 }) {
  const keyboard = new Keyboard();
  const frames = new Frames(
    <KeyboardContext value={keyboard}>
      <SizeContext value={size}>
        <ThemeContext value={theme}>
          <Box width={size.columns} height={size.rows}>
            {node}
          </Box>
        </ThemeContext>
      </SizeContext>
    </KeyboardContext>,
    size,
  );
  return { frames, keyboard, type: typist(keyboard), text: () => frames.text };
}

interface RenderedAppOptions extends Partial<Pick<AppOptions, 'connector' | 'isReadonly'>> {
  readonly size?: Size;
  readonly suspend?: TerminalHost['suspend'];
}

/** The whole program on a sample HQ. */
export function renderApp(options: RenderedAppOptions = {}) {
  const { connector = sampleConnector('live', false), isReadonly = false } = options;
  const { size = { columns: 80, rows: 24 }, suspend = () => undefined } = options;
  const copied: string[] = [];
  const sent: CommandRequest[] = [];
  let quits = 0;
  const state = new AppState({
    connector: recording(connector, sent),
    isReadonly,
    theme,
    size,
    loadView: async () => openView,
    host: {
      copy(text) {
        copied.push(text);
        return { bytes: text.length, cut: false };
      },
      openPager: async () => undefined,
      suspend,
      redraw: () => undefined,
      setMouse: () => undefined,
      quit: () => {
        quits++;
      },
      now: () => 0,
    },
  });
  const frames = new Frames(<App state={state} />, size);
  void state.signIn.start();
  return {
    state,
    frames,
    copied,
    sent,
    quits: () => quits,
    type: typist(state.keyboard),
    text: () => frames.text,
    async resize(columns: number, rows: number): Promise<void> {
      frames.resize({ columns, rows });
      state.resize(columns, rows);
      await new Promise(setImmediate);
    },
    async close(): Promise<void> {
      frames.close();
      await state.signIn.close();
    },
  };
}

export type RenderedApp = ReturnType<typeof renderApp>;

/** Keeps what is enqueued. */
function recording(connector: Connector, sent: CommandRequest[]): Connector {
  return {
    ...connector,
    async connect() {
      const session = await connector.connect();
      if (session === null) return null;
      return {
        ...session,
        enqueue: (request) => {
          sent.push(request);
          return session.enqueue(request);
        },
      };
    },
  };
}
