import { setTimeout as delay } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import { type Instance, render } from 'ink';
import type { Connector } from '../session/session.ts';
import { asciiOutput } from '../terminal/ascii.ts';
import { askBackground, type Ground, groundFromEnvironment, readBackground } from '../terminal/background.ts';
import { type Capability, hasUtf8, readCapability, whyNotHere } from '../terminal/capability.ts';
import { copySequence } from '../terminal/clipboard.ts';
import type { Input } from '../terminal/input.ts';
import { InputReader } from '../terminal/input-reader.ts';
import { Modes, type TerminalOutput } from '../terminal/modes.ts';
import { showInPager } from '../terminal/pager.ts';
import { createTheme, type Theme } from '../theme/theme.ts';
import { App } from './app.tsx';
import { AppState } from './app-state.ts';
import { DrawingErrorBoundary, type LendTerminal, TerminalLender } from './drawing.tsx';
import type { TerminalHost } from './terminal-host.ts';

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
  const problem = whyNotHere(options.env, options.input, options.output);
  if (problem !== null) {
    throw new HqError('usage', problem, { hint: 'Use `hq-tui status`, or another one-shot command.' });
  }
  const output = hasUtf8(options.env) ? options.output : asciiOutput(options.output);
  const signal = await new TerminalScreens({ ...options, output }).run();
  if (signal === null) return;
  // The terminal is in order: now the signal may do what it came for, and our parent sees that it did.
  process.kill(process.pid, signal);
  // Ink's own listener may still have to pass it on, in a later turn of the event loop.
  await delay(signalMs);
}

/** The screens on one terminal, from the first frame to the last. */
class TerminalScreens {
  readonly #options: TerminalOptions;
  readonly #isRead: boolean;
  readonly #capability: Capability;
  readonly #background: ReturnType<typeof groundFromEnvironment>;
  readonly #modes: Modes;
  readonly #reader: InputReader;
  readonly #app: AppState;
  readonly #left = Promise.withResolvers<NodeJS.Signals | null>();
  #lendOfInk: LendTerminal | null = null;
  #askedAt: number | null = null;

  constructor(options: TerminalOptions) {
    const { connector, isReadonly, env, input, output } = options;
    this.#options = options;
    this.#isRead = env.INK_SCREEN_READER === 'true';
    this.#capability = readCapability(env);
    this.#background = groundFromEnvironment(env);
    this.#modes = new Modes(output);
    this.#reader = new InputReader(
      input,
      (received) => this.#receive(received),
      () => this.#left.resolve('SIGHUP'),
    );
    this.#app = new AppState({
      connector,
      isReadonly,
      theme: this.#themeOn(this.#background.ground),
      size: { columns: output.columns, rows: output.rows },
      loadView: async () => (await import('./signed-in.tsx')).openView,
      host: this.#host(),
    });
  }

  /** Returns the signal that ended them; null where the operator left. */
  async run(): Promise<NodeJS.Signals | null> {
    const { output } = this.#options;
    // Everything that is opened here is closed in the opposite order, whatever happens.
    await using opened = new AsyncDisposableStack();
    const listen = (from: NodeJS.EventEmitter, event: string, listener: (reason?: unknown) => void): void => {
      from.on(event, listener);
      opened.defer(() => void from.off(event, listener));
    };
    opened.defer(() => this.#app.signIn.close());
    for (const signal of signals) listen(process, signal, () => this.#left.resolve(signal));
    listen(process, 'uncaughtException', this.#left.reject);
    listen(process, 'exit', () => this.#modes.offAtOnce());
    // Before Ink's own listener, so that the frame has the new size when Ink draws it.
    listen(output, 'resize', () => this.#app.resize(output.columns, output.rows));
    this.#take();
    const drawn = this.#draw();
    opened.defer(async () => {
      drawn.unmount();
      await drawn.waitUntilExit();
    });
    this.#modes.on();
    opened.defer(() => this.#modes.off());
    opened.defer(() => this.#reader.stop());
    // Of changes that come together Ink may see the last alone, or none, and the terminal has lost rows by then.
    const repaint = onceSettled(() => {
      drawn.clear();
      output.emit('resize');
    });
    if (!this.#isRead) listen(process, 'SIGWINCH', repaint);
    opened.defer(() => answerTime(this.#askedAt));
    if (!this.#background.decided && !this.#isRead) {
      this.#askedAt = Date.now();
      output.write(askBackground);
    }
    void this.#app.signIn.start();
    return await this.#left.promise;
  }

  #draw(): Instance {
    const { input, output } = this.#options;
    const lend = (ready: LendTerminal): void => {
      this.#lendOfInk = ready;
    };
    return render(
      <DrawingErrorBoundary onError={this.#left.reject}>
        <TerminalLender onReady={lend} />
        <App state={this.#app} />
      </DrawingErrorBoundary>,
      {
        stdin: input,
        stdout: output,
        alternateScreen: !this.#isRead,
        incrementalRendering: !this.#isRead,
        isScreenReaderEnabled: this.#isRead,
        interactive: true,
        exitOnCtrlC: false,
        patchConsole: false,
        maxFps: 60,
      },
    );
  }

  #host(): TerminalHost {
    const { env, output } = this.#options;
    return {
      now: Date.now,
      quit: () => this.#left.resolve(null),
      copy: (text) => {
        const copy = copySequence(text, this.#capability.insideTmux);
        output.write(copy.sequence);
        return copy;
      },
      setMouse: (isOn) => this.#modes.setMouse(isOn),
      openPager: (text) => this.#lend(() => showInPager(text, env)),
      // The whole foreground group, as the terminal itself would do it: under `npm start` the stack is in it.
      suspend:
        env.HQ_PARENT === 'ipc' ? null : () => void this.#lend(async () => void process.kill(0, 'SIGTSTP')),
      redraw: () => void this.#lend(async () => undefined),
    };
  }

  #receive(received: Input): void {
    if (received.type !== 'reply') {
      this.#app.keyboard.press(received);
      return;
    }
    const answer = readBackground(received.text);
    if (answer === null) return;
    this.#askedAt = null;
    if (!this.#background.decided) this.#app.theme.set(this.#themeOn(answer));
  }

  #themeOn(ground: Ground | null): Theme {
    return createTheme({ ...this.#capability, ground });
  }

  /** Ends the echo, and puts the cursor where Ink begins its first line. */
  #take(): void {
    this.#reader.start();
    if (!this.#isRead) this.#options.output.write('\r');
  }

  async #lend(run: () => Promise<void>): Promise<void> {
    if (this.#lendOfInk === null) return;
    this.#reader.stop();
    this.#app.keyboard.clear();
    this.#modes.off();
    try {
      await this.#lendOfInk(async () => {
        try {
          await run();
        } finally {
          this.#take();
        }
      });
    } finally {
      this.#modes.on();
      this.#reader.start();
    }
  }
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
  if (left > 0) await delay(left);
}
