import { HqError } from '@hq/shared/errors';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';

const startOptions = z.object({
  /** Open the terminal UI if there is a terminal. */
  tui: z.boolean(),
  /** Port of the API; 0 chooses a free one. Undefined for the last one where it is free. */
  port: z
    .string()
    .refine((port) => /^\d{1,5}$/.test(port) && Number(port) <= 65_535, {
      error: ({ input }) => `--port ${input} is not a port: use a whole number up to 65535.`,
    })
    .transform(Number)
    .optional(),
  /** Undefined for the default directory. */
  data: z.string().min(1, '--data needs a directory.').optional(),
  /** Undefined for the bundled Postgres. */
  databaseUrl: z
    .string()
    .refine(
      (url) => /^postgres(ql)?:\/\//.test(url) && URL.canParse(url),
      '--database-url is not a Postgres URL. It looks like postgres://user:password@host:5432/database.',
    )
    .optional(),
});
export type StartOptions = z.output<typeof startOptions>;

/** Returns null after it has printed the help. Throws `usage` with the name of the flag. */
export function parseOptions(args: readonly string[], print: (text: string) => void): StartOptions | null {
  const program = createProgram(print);
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null;
    // An unknown flag may be a mistyped --database-url, the only secret: what follows its = is not repeated.
    const sentence = error.message.replace(/^error: /, '').replace(/=.*'/s, "'");
    throw new HqError('usage', `${sentence.replace(/\.$/, '')}.`, {
      hint: 'npm start -- --help lists every flag.',
      cause: error,
    });
  }
  const parsed = startOptions.safeParse(program.opts());
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  const field = String(fault?.path[0]).replace('databaseUrl', 'database-url');
  throw new HqError('usage', fault?.message ?? 'A flag is wrong.', { field });
}

function createProgram(print: (text: string) => void): Command {
  return new Command('npm start --')
    .description(
      'Starts HQ on this machine (database, API, runner, gateway) and opens the terminal UI. If HQ already runs on the data directory, it only opens the terminal UI.',
    )
    .option('--no-tui', 'print one JSON line when ready, and serve until SIGTERM')
    .option(
      '--port <port>',
      'port of the API on 127.0.0.1; 0 chooses a free one (default: the last one where it is free)',
    )
    .option(
      '--data <directory>',
      'directory of all data (default: /var/lib/hq for root, else $XDG_DATA_HOME/hq)',
    )
    .option('--database-url <url>', 'use this Postgres instead of the bundled one; DATABASE_URL is ignored')
    .helpOption('-h, --help', 'show this')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined });
}
