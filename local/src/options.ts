import { HqError } from '@hq/shared/errors';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';

const values = z.object({
  tui: z.boolean(),
  port: z.string(),
  data: z.string().optional(),
  databaseUrl: z.string().optional(),
});

export interface StartOptions {
  /** Open the terminal UI if there is a terminal. */
  readonly tui: boolean;
  /** Port of the API; 0 chooses a free one. */
  readonly port: number;
  /** Undefined for the default directory. */
  readonly data: string | undefined;
  /** Undefined for the bundled Postgres. */
  readonly databaseUrl: string | undefined;
}

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
  const { tui, port, data, databaseUrl } = values.parse(program.opts());
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new HqError('usage', `--port ${port} is not a port: use a whole number up to 65535.`, {
      field: 'port',
    });
  }
  if (data === '') throw new HqError('usage', '--data needs a directory.', { field: 'data' });
  if (databaseUrl !== undefined && !(/^postgres(ql)?:\/\//.test(databaseUrl) && URL.canParse(databaseUrl))) {
    throw new HqError('usage', '--database-url is not a Postgres URL.', {
      field: 'database-url',
      hint: 'It looks like postgres://user:password@host:5432/database.',
    });
  }
  return { tui, port: Number(port), data, databaseUrl };
}

function createProgram(print: (text: string) => void): Command {
  return new Command('npm start --')
    .description(
      'Starts HQ on this machine (database, API, runner, gateway) and opens the terminal UI. If HQ already runs on the data directory, it only opens the terminal UI.',
    )
    .option('--no-tui', 'print one JSON line when ready, and serve until SIGTERM')
    .option('--port <port>', 'port of the API on 127.0.0.1; 0 chooses a free one', '0')
    .option(
      '--data <directory>',
      'directory of all data (default: /var/lib/hq for root, else $XDG_DATA_HOME/hq)',
    )
    .option('--database-url <url>', 'use this Postgres instead of the bundled one; DATABASE_URL is ignored')
    .helpOption('-h, --help', 'show this')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined });
}
