import { HqError } from '@hq/shared/errors';
import { render } from 'ink';
import { askBackground, type Ground, groundFromEnvironment, readBackground } from '../terminal/background.ts';
import { readCapability, whyNotHere } from '../terminal/capability.ts';
import { copySequence } from '../terminal/clipboard.ts';
import type { Input } from '../terminal/input.ts';
import { InputReader } from '../terminal/input-reader.ts';
import { Modes, type TerminalOutput } from '../terminal/modes.ts';
import { showInPager } from '../terminal/pager.ts';
import { createTheme, type Theme } from '../theme/theme.ts';
import { App } from './app.ts';
import type { Door } from './house.ts';
import { DrawingFault, type Lend, Lender, Screen, SpokenScreen } from './screen.tsx';

export interface TerminalOptions {
  readonly door: Door;
  readonly isReadonly: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadStream;
  readonly output: TerminalOutput;
}

const signals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;
/** How long an answer of the terminal may still be on its way when we leave. */
const answerMs = 150;

/** Opens the screens and comes back when the operator has left. Fails with what kept them from being drawn. */
export async function openTerminal(options: TerminalOptions): Promise<void> {
  const { door, isReadonly, env, input, output } = options;
  const obstacle = whyNotHere(env, input, output);
  if (obstacle !== null) {
    throw new HqError('usage', obstacle, { hint: 'Use `hq-tui status`, or another one-shot command.' });
  }
  const isSpoken = env.INK_SCREEN_READER === 'true';
  const capability = readCapability(env);
  const { ground, decided } = groundFromEnvironment(env);
  const themeOn = (known: Ground | null): Theme => createTheme({ ...capability, ground: known });
  const modes = new Modes(output);
  let lend: Lend | null = null;
  let askedAt: number | null = null;
  const { promise: left, resolve: leave, reject: fail } = Promise.withResolvers<NodeJS.Signals | null>();

  const app = new App({
    door,
    isReadonly,
    theme: themeOn(ground),
    size: { columns: output.columns, rows: output.rows },
    surroundings: {
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

  async function lendTerminal(run: () => Promise<void>): Promise<void> {
    if (lend === null) return;
    keyboard.stop();
    modes.off();
    try {
      await lend(run);
    } finally {
      modes.on();
      keyboard.start();
    }
  }

  function hear(heard: Input): void {
    if (heard.type !== 'reply') {
      app.press(heard);
      return;
    }
    const answer = readBackground(heard.text);
    if (answer === null) return;
    askedAt = null;
    if (!decided) app.setTheme(themeOn(answer));
  }

  const keyboard = new InputReader(input, hear, () => leave('SIGHUP'));
  const resize = (): void => app.resize(output.columns, output.rows);
  const onSignal = (signal: NodeJS.Signals): void => leave(signal);
  const onCrash = (error: unknown): void => fail(error);
  const atExit = (): void => modes.offAtOnce();
  // Before Ink's own listener, so that the frame has the new size when Ink draws it.
  output.on('resize', resize);
  for (const signal of signals) process.on(signal, onSignal);
  process.on('uncaughtException', onCrash);
  process.on('exit', atExit);

  const drawn = render(
    <DrawingFault onFault={fail}>
      <Lender
        onReady={(ready) => {
          lend = ready;
        }}
      />
      {isSpoken ? <SpokenScreen app={app} /> : <Screen app={app} />}
    </DrawingFault>,
    {
      stdin: input,
      stdout: output,
      alternateScreen: !isSpoken,
      incrementalRendering: !isSpoken,
      isScreenReaderEnabled: isSpoken,
      interactive: true,
      exitOnCtrlC: false,
      patchConsole: false,
      maxFps: 60,
    },
  );
  keyboard.start();
  modes.on();
  if (!decided && !isSpoken) {
    askedAt = Date.now();
    output.write(askBackground);
  }
  app.start();

  let signal: NodeJS.Signals | null = null;
  try {
    signal = await left;
  } finally {
    await answerTime(askedAt);
    output.off('resize', resize);
    keyboard.stop();
    modes.off();
    drawn.unmount();
    await drawn.waitUntilExit();
    for (const each of signals) process.off(each, onSignal);
    process.off('uncaughtException', onCrash);
    process.off('exit', atExit);
    await app.close();
  }
  // The terminal is in order: now the signal may do what it came for, and our parent sees that it did.
  if (signal !== null) process.kill(process.pid, signal);
}

/** An answer that comes after we left would be typed into the shell. */
async function answerTime(askedAt: number | null): Promise<void> {
  const left = askedAt === null ? 0 : askedAt + answerMs - Date.now();
  if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
}
