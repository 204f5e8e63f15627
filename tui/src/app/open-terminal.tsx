import { HqError } from '@hq/shared/errors';
import { render } from 'ink';
import type { Connector } from '../session/session.ts';
import { askBackground, type Ground, groundFromEnvironment, readBackground } from '../terminal/background.ts';
import { readCapability, whyNotHere } from '../terminal/capability.ts';
import { copySequence } from '../terminal/clipboard.ts';
import type { Input } from '../terminal/input.ts';
import { InputReader } from '../terminal/input-reader.ts';
import { Modes, type TerminalOutput } from '../terminal/modes.ts';
import { showInPager } from '../terminal/pager.ts';
import { createTheme, type Theme } from '../theme/theme.ts';
import { App } from './app.tsx';
import { AppState } from './app-state.ts';
import { DrawingErrorBoundary, type LendTerminal, TerminalLender } from './drawing.tsx';

export interface TerminalOptions {
  readonly connector: Connector;
  readonly isReadonly: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadStream;
  readonly output: TerminalOutput;
}

const signals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
/** Milliseconds that an answer of the terminal may still take when we leave. */
const answerMs = 150;
/** Milliseconds that a signal may take to end this process. */
const signalMs = 1_000;
/** Milliseconds without another change of the size after which a row of changes is over. */
const settledMs = 150;

/** Opens the screens, and returns when the operator has left. Fails where they cannot be drawn. */
export async function openTerminal(options: TerminalOptions): Promise<void> {
  // Long: everything that is opened here is closed here in the opposite order, whatever happens.
  const { connector, isReadonly, env, input, output } = options;
  const problem = whyNotHere(env, input, output);
  if (problem !== null) {
    throw new HqError('usage', problem, { hint: 'Use `hq-tui status`, or another one-shot command.' });
  }
  const isRead = env.INK_SCREEN_READER === 'true';
  const capability = readCapability(env);
  const { ground, decided } = groundFromEnvironment(env);
  const themeOn = (known: Ground | null): Theme => createTheme({ ...capability, ground: known });
  const modes = new Modes(output);
  let lend: LendTerminal | null = null;
  let askedAt: number | null = null;
  const { promise: left, resolve: leave, reject: fail } = Promise.withResolvers<NodeJS.Signals | null>();

  const app = new AppState({
    connector,
    isReadonly,
    theme: themeOn(ground),
    size: { columns: output.columns, rows: output.rows },
    loadView: async () => (await import('./signed-in.tsx')).openView,
    host: {
      now: Date.now,
      quit: () => leave(null),
      copy(text) {
        const copy = copySequence(text, capability.insideTmux);
        output.write(copy.sequence);
        return copy;
      },
      setMouse: (isOn) => modes.setMouse(isOn),
      openPager: (text) => lendTerminal(() => showInPager(text, env)),
      // The whole foreground group, as the terminal itself would do it: under `npm start` the stack is in it.
      suspend:
        env.HQ_PARENT === 'ipc' ? null : () => void lendTerminal(async () => void process.kill(0, 'SIGTSTP')),
      redraw: () => void lendTerminal(async () => undefined),
    },
  });

  /** Ends the echo, and puts the cursor where Ink begins its first line. */
  function takeTerminal(): void {
    reader.start();
    if (!isRead) output.write('\r');
  }

  async function lendTerminal(run: () => Promise<void>): Promise<void> {
    if (lend === null) return;
    reader.stop();
    app.keyboard.clear();
    modes.off();
    try {
      await lend(async () => {
        try {
          await run();
        } finally {
          takeTerminal();
        }
      });
    } finally {
      modes.on();
      reader.start();
    }
  }

  function receive(received: Input): void {
    if (received.type !== 'reply') {
      app.keyboard.press(received);
      return;
    }
    const answer = readBackground(received.text);
    if (answer === null) return;
    askedAt = null;
    if (!decided) app.theme.set(themeOn(answer));
  }

  const reader = new InputReader(input, receive, () => leave('SIGHUP'));
  const resize = (): void => app.resize(output.columns, output.rows);
  const onSignal = (signal: NodeJS.Signals): void => leave(signal);
  const onCrash = (error: unknown): void => fail(error);
  const atExit = (): void => modes.offAtOnce();
  // Before Ink's own listener, so that the frame has the new size when Ink draws it.
  output.on('resize', resize);
  for (const signal of signals) process.on(signal, onSignal);
  process.on('uncaughtException', onCrash);
  process.on('exit', atExit);

  takeTerminal();
  const drawn = render(
    <DrawingErrorBoundary onError={fail}>
      <TerminalLender
        onReady={(ready) => {
          lend = ready;
        }}
      />
      <App state={app} />
    </DrawingErrorBoundary>,
    {
      stdin: input,
      stdout: output,
      alternateScreen: !isRead,
      incrementalRendering: !isRead,
      isScreenReaderEnabled: isRead,
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: false,
      maxFps: 60,
    },
  );
  // Of changes that come together Ink may see the last alone, or none, and the terminal has lost rows by then.
  const repaint = onceSettled(() => {
    drawn.clear();
    output.emit('resize');
  });
  if (!isRead) process.on('SIGWINCH', repaint);
  modes.on();
  if (!decided && !isRead) {
    askedAt = Date.now();
    output.write(askBackground);
  }
  void app.signIn.start();

  let signal: NodeJS.Signals | null = null;
  try {
    signal = await left;
  } finally {
    await answerTime(askedAt);
    output.off('resize', resize);
    process.off('SIGWINCH', repaint);
    reader.stop();
    modes.off();
    drawn.unmount();
    await drawn.waitUntilExit();
    for (const each of signals) process.off(each, onSignal);
    process.off('uncaughtException', onCrash);
    process.off('exit', atExit);
    await app.signIn.close();
  }
  if (signal === null) return;
  // The terminal is in order: now the signal may do what it came for, and our parent sees that it did.
  process.kill(process.pid, signal);
  // Ink's own listener may still have to pass it on, in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, signalMs));
}

/** Calls `run` when calls have stopped; not for a single one. */
function onceSettled(run: () => void): () => void {
  let calls = 0;
  let timer: NodeJS.Timeout | undefined;
  return () => {
    calls += 1;
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (calls > 1) run();
      calls = 0;
    }, settledMs).unref();
  };
}

/** An answer that comes after we left would be typed into the shell. */
async function answerTime(askedAt: number | null): Promise<void> {
  const left = askedAt === null ? 0 : askedAt + answerMs - Date.now();
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
}
