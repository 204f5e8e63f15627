import { parseArgs } from 'node:util';
import { HqError } from '@hq/shared/errors';

export interface StartOptions {
  readonly help: boolean;
  /** Open the terminal UI if there is a terminal. */
  readonly tui: boolean;
  /** Port of the API; 0 chooses a free one. */
  readonly port: number;
  /** Undefined for the default directory. */
  readonly data: string | undefined;
  /** Undefined for the bundled Postgres. */
  readonly databaseUrl: string | undefined;
}

export const usage = `Usage: npm start -- [options]

Starts HQ on this machine (database, API, runner, gateway) and opens the terminal UI. If HQ already runs on the data
directory, it only opens the terminal UI.

  --no-tui              print one JSON line when ready, and serve until SIGTERM
  --port <port>         port of the API on 127.0.0.1 (default: a free one)
  --data <directory>    directory of all data (default: /var/lib/hq for root, else $XDG_DATA_HOME/hq)
  --database-url <url>  use this Postgres instead of the bundled one; DATABASE_URL is ignored
  --help                show this
`;

/** Throws `usage` with the name of the flag. */
export function parseOptions(args: readonly string[]): StartOptions {
  const values = parse(args);
  const { port = '0', data, 'database-url': databaseUrl } = values;
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
  return {
    help: values.help === true,
    tui: values['no-tui'] !== true,
    port: Number(port),
    data,
    databaseUrl,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        'no-tui': { type: 'boolean' },
        port: { type: 'string' },
        data: { type: 'string' },
        'database-url': { type: 'string' },
      },
    }).values;
  } catch (cause) {
    // The sentence may repeat an argument, but not the value of --database-url, the only secret.
    const sentence = cause instanceof Error ? cause.message.split('. ')[0] : 'The flags are not understood';
    throw new HqError('usage', `${sentence}.`, { hint: 'npm start -- --help lists every flag.', cause });
  }
}
