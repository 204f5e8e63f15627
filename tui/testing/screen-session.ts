import { setTimeout as delay } from 'node:timers/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import headless from '@xterm/headless';

export interface SessionOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The terminal's answer to the question for its background, such as `1e1e/1e1e/1e1e`; no answer where left out. */
  readonly background?: string;
  readonly cwd?: string;
  /** The speed of the connection between the program and this terminal; unlimited where left out. */
  readonly bytesPerSecond?: number;
}

export interface Exit {
  readonly exitCode: number;
  readonly signal: number;
}

const longestWaitMs = 60_000;

/** A program in a terminal of its own: what it draws is seen as a person would see it. */
export class ScreenSession {
  readonly pty: IPty;
  readonly terminal: InstanceType<typeof headless.Terminal>;
  /** Everything the program has written, as it came. */
  written = '';
  readonly exited: Promise<Exit>;
  #isOver = false;
  #parsed: Promise<void> = Promise.resolve();
  #brought: Promise<void> = Promise.resolve();

  constructor(command: string, args: readonly string[], options: SessionOptions) {
    const { columns, rows, env = {}, background, bytesPerSecond } = options;
    this.terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 });
    this.pty = spawn(command, [...args], {
      name: env.TERM ?? 'xterm-256color',
      cols: columns,
      rows,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        TERM: 'xterm-256color',
        LANG: 'C.UTF-8',
        TZ: 'UTC',
        ...env,
      },
    });
    this.pty.onData((data) => {
      this.written += data;
      if (background !== undefined && data.includes('\u001b]11;?'))
        this.pty.write(`\u001b]11;rgb:${background}\u001b\\`);
      if (bytesPerSecond === undefined) this.#show(data);
      else this.#brought = this.#brought.then(() => this.#bring(data, bytesPerSecond));
    });
    this.exited = new Promise((resolve) => {
      this.pty.onExit(({ exitCode, signal }) => {
        this.#isOver = true;
        resolve({ exitCode, signal: signal ?? 0 });
      });
    });
  }

  #show(data: string): void {
    this.#parsed = new Promise((resolve) => this.terminal.write(data, resolve));
  }

  /** As a slow link would: a little at a time, and nothing more is taken meanwhile. */
  async #bring(data: string, bytesPerSecond: number): Promise<void> {
    this.pty.pause();
    const [startedAt, takesMs] = [performance.now(), (Buffer.byteLength(data) / bytesPerSecond) * 1000];
    for (let shown = 0; shown < data.length; ) {
      await delay(5);
      const due = Math.ceil((data.length * (performance.now() - startedAt)) / takesMs);
      this.#show(data.slice(shown, due));
      shown = due;
    }
    this.pty.resume();
  }

  /** The screen as text, without the blanks at the ends of its lines. */
  text(): string {
    const { active } = this.terminal.buffer;
    const lines = Array.from(
      { length: this.terminal.rows },
      (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '',
    );
    return lines.join('\n').trimEnd();
  }

  /** True while the alternate screen is shown. */
  get isOnAlternateScreen(): boolean {
    return this.terminal.buffer.active.type === 'alternate';
  }

  async waitFor(
    what: string | RegExp | ((screen: string) => boolean),
    waitMs = longestWaitMs,
  ): Promise<string> {
    const holds =
      typeof what === 'function'
        ? what
        : (screen: string) => (typeof what === 'string' ? screen.includes(what) : what.test(screen));
    const end = Date.now() + waitMs;
    while (Date.now() < end) {
      await this.#parsed;
      const screen = this.text();
      if (holds(screen)) return screen;
      if (this.#isOver) break;
      await delay(15);
    }
    throw new Error(`The screen never showed ${String(what)}. It shows:\n${this.text()}`);
  }

  /** Waits until nothing has been written for a while. */
  async settled(quietMs = 150): Promise<string> {
    for (;;) {
      const before = this.written.length;
      await delay(quietMs);
      await this.#parsed;
      if (this.written.length === before) return this.text();
    }
  }

  /** Resolves with the exit when everything that it wrote is on the screen. */
  async ended(): Promise<Exit> {
    const exit = await this.exited;
    await this.settled(50);
    return exit;
  }

  press(keys: string): void {
    this.pty.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  async close(): Promise<void> {
    if (!this.#isOver) this.pty.kill('SIGKILL');
    await this.exited;
    this.terminal.dispose();
  }
}
