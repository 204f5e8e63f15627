import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { liveCommand, liveCommandOutput, readCommandOutput } from '@hq/shared/queries';
import { type CommandOutputRow, type CommandRow, type GatewayRow, isFinished } from '@hq/shared/rows';
import { plainLine } from '@hq/shared/text';
import { commandState } from '../../columns/command-state.ts';
import { shortId } from '../../columns/short-id.ts';
import type { Console } from '../output/console.ts';
import { exitCodes } from '../output/exit-codes.ts';
import { until } from './until.ts';
import { WaitingReasons, waitingReason } from './waiting-reason.ts';

/**
 * Waits until a command has finished; its states and its output go to standard error. Fails with `timed_out` after `timeoutMs`,
 * null being no limit; the command continues.
 */
export async function followCommand(
  console: Console,
  client: HqClient,
  id: string,
  timeoutMs: number | null,
): Promise<CommandRow> {
  const command = liveCommand(client, id);
  const output = liveCommandOutput(client, id);
  const reporter = new CommandReporter(console);
  const reasonOf = (gateway: GatewayRow, now: number) => {
    const [row] = command.getSnapshot().rows;
    return row === undefined ? null : waitingReason(row, gateway, now);
  };
  const reasons = new WaitingReasons(client, reasonOf, console.say);
  const onInterrupt = (): never => {
    console.say(`The command goes on. ${nextSteps(id)}`);
    process.exit(exitCodes.interrupted);
  };
  process.once('SIGINT', onInterrupt);
  try {
    output.subscribe(() => reporter.onOutput(output.getSnapshot().rows));
    const finished = await until(
      command,
      ({ rows: [row], status, error }) => {
        const isConnected = status !== 'loading' && status !== 'offline';
        reporter.onLink(status === 'offline' ? error : null);
        if (row === undefined && isConnected) throw noSuch(id);
        if (row !== undefined) {
          reporter.onCommand(row);
          if (row.status === 'pending' && row.gateway_id !== null) reasons.watch(row.gateway_id);
          reasons.look();
        }
        return row !== undefined && isFinished(row) ? row : null;
      },
      timeoutMs,
      () => tooLate(id, timeoutMs ?? 0, reasons.sentence),
    );
    // The last lines of output may arrive after the result.
    reporter.onOutput(await readCommandOutput(client, id));
    return finished;
  } finally {
    process.off('SIGINT', onInterrupt);
    reasons.close();
    command.close();
    output.close();
  }
}

/** Writes each state and each line of output once, in their order. */
class CommandReporter {
  readonly #console: Console;
  #attempt = -1;
  #seq = -1;
  #state = '';
  #isOffline = false;

  constructor(console: Console) {
    this.#console = console;
  }

  onLink(fault: HqError | null): void {
    if (fault !== null && !this.#isOffline) this.#console.say(`${fault.message} Trying again.`);
    this.#isOffline = fault !== null;
  }

  onCommand(row: CommandRow): void {
    if (isFinished(row)) return;
    const again = row.attempt > 1 ? ` (attempt ${row.attempt})` : '';
    const state = `${commandState(row).word}${again}`;
    if (state !== this.#state) this.#console.say(state);
    this.#state = state;
  }

  onOutput(rows: readonly CommandOutputRow[]): void {
    for (const row of rows) {
      if (row.attempt < this.#attempt || (row.attempt === this.#attempt && row.seq <= this.#seq)) continue;
      this.#attempt = row.attempt;
      this.#seq = row.seq;
      for (const line of row.text.replace(/\n$/, '').split('\n')) this.#console.say(plainLine(line));
    }
  }
}

function tooLate(id: string, timeoutMs: number, reason: string | null): HqError {
  const late = `The command has not finished within ${timeoutMs / 1000} s; it goes on.`;
  return new HqError('timed_out', reason === null ? late : `${late} ${reason}`, { hint: nextSteps(id) });
}

function nextSteps(id: string): string {
  return `\`hq-tui watch ${shortId(id)}\` continues to wait, \`hq-tui cancel ${shortId(id)}\` stops it.`;
}

function noSuch(id: string): HqError {
  return new HqError('not_found', `There is no command ${id}.`, { hint: '`hq-tui commands` lists them.' });
}
