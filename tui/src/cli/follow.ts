import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { createLiveRows, readCommandOutput } from '@hq/shared/queries';
import { type CommandOutputRow, type CommandRow, isFinished } from '@hq/shared/rows';
import { plainLine } from '@hq/shared/text';
import { commandState } from '../columns/command-state.ts';
import type { Console } from './console.ts';
import { exitCodes } from './exit-codes.ts';

/**
 * Watches a command until it has finished, and says on standard error what happens to it and what it writes. Fails with
 * `timed_out` when that takes too long; the command goes on by itself.
 */
export async function follow(
  console: Console,
  client: HqClient,
  id: string,
  timeoutMs: number | null,
): Promise<CommandRow> {
  const stores = createLiveRows(client);
  const command = stores.command(id);
  const output = stores.commandOutput(id);
  const tell = createTeller(console);
  const onInterrupt = (): never => {
    console.say(`The command goes on. ${waysOn(id)}`);
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', onInterrupt);
  try {
    const finished = await new Promise<CommandRow>((resolve, reject) => {
      const limit = timeoutMs === null ? null : setTimeout(() => reject(tooLate(id, timeoutMs)), timeoutMs);
      const settle = (how: () => void): void => {
        if (limit !== null) clearTimeout(limit);
        how();
      };
      command.subscribe(() => {
        const { rows, status, error } = command.getSnapshot();
        const [row] = rows;
        tell.link(status === 'offline' ? error : null);
        if (error !== null && error.code !== 'unreachable') settle(() => reject(error));
        else if (row === undefined && status !== 'loading' && status !== 'offline')
          settle(() => reject(noSuch(id)));
        else if (row !== undefined) {
          tell.command(row);
          if (isFinished(row)) settle(() => resolve(row));
        }
      });
      output.subscribe(() => tell.output(output.getSnapshot().rows));
    });
    // The last lines may still be on their way when the result is told.
    tell.output(await readCommandOutput(client, id));
    return finished;
  } finally {
    process.off('SIGINT', onInterrupt);
    command.close();
    output.close();
  }
}

function createTeller(console: Console) {
  let attempt = -1;
  let seq = -1;
  let toldState = '';
  let isAway = false;
  return {
    link(fault: HqError | null): void {
      if (fault !== null && !isAway) console.say(`${fault.message} Trying again.`);
      isAway = fault !== null;
    },
    command(row: CommandRow): void {
      if (isFinished(row)) return;
      const again = row.attempt > 1 ? ` (attempt ${row.attempt})` : '';
      const state = `${commandState(row).word}${again}`;
      if (state !== toldState) console.say(state);
      toldState = state;
    },
    output(rows: readonly CommandOutputRow[]): void {
      for (const row of rows) {
        if (row.attempt < attempt || (row.attempt === attempt && row.seq <= seq)) continue;
        attempt = row.attempt;
        seq = row.seq;
        for (const line of row.text.replace(/\n$/, '').split('\n')) console.say(plainLine(line));
      }
    },
  };
}

function tooLate(id: string, timeoutMs: number): HqError {
  return new HqError('timed_out', `The command has not finished within ${timeoutMs / 1000} s; it goes on.`, {
    hint: waysOn(id),
  });
}

function waysOn(id: string): string {
  return `\`hq-tui watch ${id}\` waits on, \`hq-tui cancel ${id}\` stops it.`;
}

function noSuch(id: string): HqError {
  return new HqError('not_found', `There is no command ${id}.`, { hint: '`hq-tui commands` lists them.' });
}
