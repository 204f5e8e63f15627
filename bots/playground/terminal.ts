import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { FormPrompt } from './form-prompt.ts';
import type { Destination, SimulatedPlatform } from './platform.ts';

const logLine = z.object({ level: z.string(), msg: z.string() });

/** Sends typed lines to the platform and prints HQ's messages there, again after each edit. */
export async function runTerminal(simulated: SimulatedPlatform, bots: ChildProcess): Promise<number> {
  process.stdout.write('Starting hq-bots …\n');
  if (!(await connected(bots))) return 1;
  bots.stdout?.resume();
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' });
  const isTerminal = process.stdout.isTTY === true;
  let isOpen = true;
  const prompt = (): void => {
    if (isTerminal && isOpen) lines.prompt(true);
  };
  const print = (text: string): void => {
    process.stdout.write(`${isTerminal ? '\r\x1b[K' : ''}${text}\n`);
    prompt();
  };
  print(
    `HQ is there. Get a code with \`npx hq-tui chat code\` in another terminal, send /hq link CODE here, then /hq help.
${simulated.hint} [Label] presses a button, # before the text sends it to a channel, Ctrl-D exits.`,
  );

  const form = new FormPrompt(print);
  const printed = new Map<string, string>();
  const printChanges = (): void => {
    for (const { id, destination, text } of simulated.messages()) {
      if (printed.get(id) === text) continue;
      const channel = destination === 'channel' ? '#ops ' : '';
      print(`\n${channel}HQ${printed.has(id) ? ' (changed)' : ''}\n${text.replaceAll(/^/gmu, '  ')}`);
      printed.set(id, text);
    }
    const opened = form.isOpen ? null : simulated.form();
    if (opened !== null) form.open(opened);
  };
  const timer = setInterval(printChanges, 200);
  lines.on('line', (line) => {
    (form.isOpen ? form.answer(line.trim()) : send(simulated, line.trim()))
      .catch((error: unknown) => print(error instanceof Error ? error.message : String(error)))
      .finally(prompt);
  });
  return new Promise((resolve) => {
    const leave = (code: number): void => {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(timer);
      lines.close();
      resolve(code);
    };
    lines.on('close', () => leave(0));
    lines.on('SIGINT', () => leave(0));
    bots.on('exit', () => {
      if (isOpen) print('hq-bots has ended.');
      leave(1);
    });
  });
}

async function send(simulated: SimulatedPlatform, line: string): Promise<void> {
  if (line === '') return;
  const [, label] = /^\[(.+)\]$/u.exec(line) ?? [];
  if (label !== undefined) return simulated.press(label);
  const destination: Destination = line.startsWith('#') ? 'channel' : 'direct';
  return simulated.say(line.replace(/^#\s*/u, ''), destination);
}

/** Resolves with true when hq-bots is connected, with false if it ends before. Prints its warnings and errors until then. */
async function connected(bots: ChildProcess): Promise<boolean> {
  if (bots.stdout === null) return false;
  for await (const line of createInterface({ input: bots.stdout })) {
    const { level, msg } = logLine.parse(JSON.parse(line));
    if (msg === 'connected') return true;
    if (level !== 'info') process.stdout.write(`hq-bots: ${msg}\n`);
  }
  return false;
}
