import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mountSmallDisk } from '../../testing/small-disk.ts';

const program = join(import.meta.dirname, '../../testing/log-program.ts');
/** A log that waits would wait for ever, so a busy machine changes nothing. */
const soonMs = 60_000;

interface Answer {
  readonly tookMs: number;
  readonly problem: string | null;
}

let directory: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hq-log-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

/** Starts a program whose log goes to this descriptor. Returns a function that makes it log. */
async function logTo(output: number | 'pipe'): Promise<(count: number, size: number) => Promise<Answer>> {
  const process = fork(program, [], { stdio: ['ignore', output, 'inherit', 'ipc'] });
  child = process;
  await once(process, 'message');
  return async (count, size) => {
    process.send({ count, size });
    const [answer]: Answer[] = await once(process, 'message', { signal: AbortSignal.timeout(soonMs) });
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
}

/** Reads everything that is in the pipe now. */
function drain(pipe: number): string {
  const bytes = Buffer.alloc(1024 * 1024);
  let text = '';
  try {
    for (;;) text += bytes.toString('utf8', 0, readSync(pipe, bytes));
  } catch {
    // It is empty.
    return text;
  }
}

function lostLines(text: string): readonly number[] {
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.flatMap((line): number[] => JSON.parse(line).dropped ?? []);
}

describe('a log that cannot be written', () => {
  it('because the disk is full costs no time, and says so', async () => {
    const full = openSync('/dev/full', 'w');
    const log = await logTo(full);
    expect(await log(1000, 200)).toMatchObject({
      problem: 'The log cannot be written: no space is left on the disk. Lines lost: 1000.',
    });
    closeSync(full);
  });

  it('because nobody reads the pipe costs no time and little memory, and goes on when somebody does', async () => {
    const path = join(directory, 'pipe');
    execFileSync('mkfifo', [path]);
    const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const log = await logTo(pipe);
    const { problem } = await log(3000, 1000);
    expect(problem).toMatch(/^The log cannot be written: nobody reads it\. Lines lost: \d+\.$/);
    let text = '';
    await vi.waitFor(async () => {
      text += drain(pipe);
      await log(0, 0);
      const whole = text.split('\n').filter((line) => line.includes('x'.repeat(1000))).length;
      const lost = lostLines(text).reduce((sum, lines) => sum + lines, 0);
      expect(lost).toBeGreaterThan(0);
      expect(whole + lost).toBe(3000);
    }, soonMs);
    expect((await log(1, 10)).problem).toBeNull();
    closeSync(pipe);
  });

  it('because nobody reads the socket costs no time', async () => {
    const log = await logTo('pipe');
    expect((await log(3000, 1000)).problem).toMatch(/nobody reads it/);
  });

  it('because its reader is gone ends nothing', async () => {
    const log = await logTo('pipe');
    child?.stdout?.destroy();
    await log(10, 100);
    expect((await log(10, 100)).problem).toMatch(/its reader is gone\. Lines lost: \d+\./);
  });
});

describe('a log on a disk that was full', () => {
  it('goes on with whole lines, and says how many were lost', async ({ skip }) => {
    const disk = mountSmallDisk('256k');
    if (disk === null) return skip();
    try {
      const path = join(disk.path, 'log');
      const file = openSync(path, 'a');
      const log = await logTo(file);
      await log(5, 1000);
      disk.fill();
      expect((await log(100, 1000)).problem).toMatch(/no space is left/);
      disk.free();
      expect((await log(1, 10)).problem).toBeNull();
      const text = readFileSync(path, 'utf8');
      const whole = text.split('\n').filter((line) => line.includes(`"${'x'.repeat(1000)}"}`)).length;
      expect(lostLines(text)).toEqual([105 - whole]);
      expect(text).toMatch(/"msg":"xxxxxxxxxx"\}\n$/);
      closeSync(file);
    } finally {
      disk.remove();
    }
  });
});
