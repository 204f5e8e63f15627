import { describeResult, resultWarning } from '@hq/shared/actions';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readGateways } from '@hq/shared/queries';
import type { CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { commandDocument } from '../documents/command.ts';
import { slugsOf } from '../documents/document.ts';
import type { Console } from './console.ts';
import { shownId } from './shown-id.ts';

/** Prints the result of a finished command, or the id and the state of another one. */
export async function printCommand(
  console: Console,
  client: HqClient,
  command: CommandRow,
  asJson: boolean,
  more: { readonly created?: boolean } = {},
): Promise<void> {
  const warning = command.status === 'done' ? resultWarning(command.action, command.result) : null;
  if (asJson) {
    if (warning !== null) console.say(plain(warning));
    const context = { gateways: slugsOf(await readGateways(client)), now: client.clock.now() };
    console.printJson({ command: commandDocument(command, context), ...more });
    return;
  }
  switch (command.status) {
    case 'done':
      printResult(console, command, warning);
      return;
    case 'failed':
      return;
    case 'cancelled':
      console.print(`${shownId(console, command.id)} cancelled`);
      return;
    default:
      console.print(
        `${shownId(console, command.id)} ${command.cancel_requested_at === null ? command.status : 'cancelling'}`,
      );
  }
}

function printResult(console: Console, { action, result }: CommandRow, warning: string | null): void {
  const described = describeResult(action, result);
  if (warning !== null) {
    console.say(plain(`${warning} The result is printed as JSON.`));
    console.printJson(result);
  } else for (const line of (described ?? 'done').split('\n')) console.print(plain(line));
}

/** Fails with `cancelled` or `failed` and the reason, unless the command is done. */
export function requireDone(command: CommandRow): void {
  if (command.status === 'done') return;
  if (command.status === 'cancelled') {
    throw new HqError(
      'cancelled',
      `The command was cancelled: ${command.error_message ?? 'no reason is known'}.`,
    );
  }
  const reason = command.error_message ?? `exit code ${command.exit_code ?? 'unknown'}`;
  throw new HqError('failed', `The command failed: ${reason}`, {
    hint: `\`hq-tui run ${command.action}\` with the same options runs it again.`,
  });
}
