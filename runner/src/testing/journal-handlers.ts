import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HqError } from '@hq/shared/errors';
import type { HandlerContext, Handlers } from '../handler.ts';
import { handlers as realHandlers } from '../handlers/index.ts';

/** One line of the journal. */
export interface JournalEntry {
  readonly what: 'began' | 'ended' | 'stopped';
  readonly commandId: string;
  readonly attempt: number;
  readonly runner: string;
  readonly at: number;
}

/**
 * Returns the runner's handlers, but `tail_logs` and the restarts run child processes chosen by their payload or the
 * environment, and record their steps in a file that outlives the runner.
 */
export function journalHandlers(journal: string, restartSeconds: string): Handlers {
  const note = (what: JournalEntry['what'], { commandId, attempt, runnerId }: HandlerContext): void => {
    const entry: JournalEntry = { what, commandId, attempt, runner: runnerId, at: Date.now() };
    appendFileSync(journal, `${JSON.stringify(entry)}\n`);
  };
  const noted = async <Result>(context: HandlerContext, work: () => Promise<Result>): Promise<Result> => {
    note('began', context);
    const result = await work().catch((error: unknown) => {
      note('stopped', context);
      throw error;
    });
    note('ended', context);
    return result;
  };
  const restart = (service: string, context: HandlerContext) =>
    noted(context, async () => {
      await run('sleep', [restartSeconds], context);
      return { service, tookMs: Number(restartSeconds) * 1000 };
    });

  return {
    ...realHandlers,
    restart_gateway: (_payload, context) => restart('gateway', context),
    restart_dispatcher: (_payload, context) => restart('dispatcher', context),
    tail_logs: ({ service, lines }, context) =>
      noted(context, async () => {
        await tail(service, lines, context);
        return { service, lines };
      }),
  };
}

/** Runs the behaviour that the service's name selects. */
async function tail(service: string, lines: number, context: HandlerContext): Promise<void> {
  const [what = '', argument = ''] = service.split('_');
  switch (what) {
    case 'released':
      while (!existsSync(`${process.env.JOURNAL}.release`))
        await sleep(20, undefined, { signal: context.signal });
      return;
    case 'seconds':
      return run('sleep', [argument], context);
    case 'lines':
      return run(
        'sh',
        ['-c', `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i"; done`],
        context,
      );
    case 'slowly':
      return run(
        'sh',
        ['-c', `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i"; sleep 0.05; done`],
        context,
      );
    case 'megabytes':
      return run('node', ['-e', colouredOutput, argument], context);
    case 'environment':
      return run('env', [], context);
    case 'together':
      // All commands end at the next full second.
      await new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000)));
      for (let line = 0; line < lines; line += 1) context.output.line(`line ${line}`.padStart(200, '.'));
      context.output.line(`line ${lines - 1}`);
      return;
    case 'deaf':
      // Ignores the abort signal.
      await new Promise((resolve) => setTimeout(resolve, Number(argument) * 1000));
      return;
    case 'broken':
      throw new HqError('failed', `It broke with ${process.env.SUPABASE_SERVICE_ROLE_KEY}.`, {
        hint: 'Fix it.',
      });
    case 'secret': {
      // Shows a secret in every form, as a careless program would.
      const { value } = await context.openSecret('PLANTED', context.signal);
      context.output.write(`export PLANTED='${value}'\n`);
      for (const half of [value.slice(0, 9), `${value.slice(9)}\n`]) context.output.write(half, 'stderr');
      context.output.line(JSON.stringify({ value, address: `https://x/?key=${encodeURIComponent(value)}` }));
      context.progress(50, `using ${value}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      throw new HqError('failed', `It broke with ${value}.`, { hint: `Not with ${value}?` });
    }
    case 'nul':
      context.output.line('before\0after \ud800 half');
      context.progress(50, 'half \udfff way\0');
      return;
    default:
      throw new Error(`no such behaviour: ${service}`);
  }
}

const colouredOutput = `
const line = '\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07' + 'x'.repeat(80) + '\\n';
let left = Number(process.argv[1]) * 1e6;
const write = () => {
  while (left > 0) {
    left -= line.length * 500;
    if (!process.stdout.write(line.repeat(500))) return process.stdout.once('drain', write);
  }
  process.stdout.write('the very last line\\n');
};
write();
`;

async function run(
  program: string,
  args: readonly string[],
  { output, signal }: HandlerContext,
): Promise<void> {
  const file = program === 'node' ? process.execPath : program;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  child.stdout.on('data', (bytes: Buffer) => output.write(bytes));
  child.stderr.on('data', (bytes: Buffer) => output.write(bytes, 'stderr'));
  await ended(child);
}

async function ended(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'close');
  if (code !== 0) throw new HqError('failed', `It ended with exit code ${code}.`);
}
