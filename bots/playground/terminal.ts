import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Form, Room, SimulatedPlatform } from './platform.ts';

const logLine = z.object({ level: z.string(), msg: z.string() });

/** Sends typed lines to the platform and prints HQ's messages there, again after each edit. */
export async function converse(simulated: SimulatedPlatform, bots: ChildProcess): Promise<number> {
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
${simulated.hint} [Label] presses a button, # before the text writes it in a channel, Ctrl-D exits.`,
  );

  const printed = new Map<string, string>();
  let filling: { readonly form: Form; readonly values: Record<string, string>; at: number } | null = null;
  const ask = (): void => {
    const field = filling?.form.fields[filling.at];
    if (field === undefined) return;
    print(`${field.label}${field.choices.length > 0 ? ` (${field.choices.join(', ')})` : ''}?`);
  };
  const look = (): void => {
    for (const { id, room, text } of simulated.seen()) {
      if (printed.get(id) === text) continue;
      const where = room === 'channel' ? '#ops ' : '';
      print(`\n${where}HQ${printed.has(id) ? ' (changed)' : ''}\n${text.replaceAll(/^/gmu, '  ')}`);
      printed.set(id, text);
    }
    const form = filling === null ? simulated.form() : null;
    if (form === null) return;
    filling = { form, values: {}, at: 0 };
    print(`\nA form: ${form.title}. An empty line leaves a field as it is; [Cancel] closes it.`);
    ask();
  };
  const take = async (line: string): Promise<void> => {
    if (filling === null) return act(simulated, line);
    const { form, values } = filling;
    const field = form.fields[filling.at];
    // It is being handed in.
    if (field === undefined) return;
    if (line.toLowerCase() === '[cancel]') {
      form.close();
      filling = null;
      return;
    }
    if (line !== '') values[field.label] = line;
    filling.at += 1;
    if (filling.at < form.fields.length) return ask();
    try {
      await form.submit(values);
    } finally {
      filling = null;
    }
  };

  const watching = setInterval(look, 200);
  lines.on('line', (line) => {
    take(line.trim())
      .catch((error: unknown) => print(error instanceof Error ? error.message : String(error)))
      .finally(prompt);
  });
  return new Promise((resolve) => {
    const leave = (code: number): void => {
      if (!isOpen) return;
      isOpen = false;
      clearInterval(watching);
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

async function act(simulated: SimulatedPlatform, line: string): Promise<void> {
  if (line === '') return;
  const [, label] = /^\[(.+)\]$/u.exec(line) ?? [];
  if (label !== undefined) return simulated.press(label);
  const room: Room = line.startsWith('#') ? 'channel' : 'direct';
  return simulated.say(line.replace(/^#\s*/u, ''), room);
}

/** Resolves when the platform is connected; false where it never will be. What hq-bots has to say until then is printed. */
async function connected(bots: ChildProcess): Promise<boolean> {
  if (bots.stdout === null) return false;
  for await (const line of createInterface({ input: bots.stdout })) {
    const { level, msg } = logLine.parse(JSON.parse(line));
    if (msg === 'connected') return true;
    if (level !== 'info') process.stdout.write(`hq-bots: ${msg}\n`);
  }
  return false;
}
