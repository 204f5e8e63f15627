import { HqError } from '@hq/shared/errors';
import { readGateways } from '@hq/shared/queries';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { z } from 'zod';
import type { Tone } from '../../theme/theme.ts';
import { flag } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { type Check, type CheckState, checkClock, checkGateway } from '../doctor/checks.ts';
import { listDocument } from '../documents/document.ts';
import type { Console } from '../output/console.ts';

const optionsOf = z.object({ json: flag });
const tones: Readonly<Record<CheckState, Tone>> = { ok: 'good', warn: 'warn', fail: 'bad' };

export const addDoctor: AddCommand = (parent, console) => {
  parent
    .command('doctor')
    .description('checks the connection, this machine’s clock and every gateway, and says what to do')
    .option('--json', 'as a JSON document')
    .action(async (_options: unknown, self: Command) => {
      const { json } = optionsOf.parse(self.opts());
      const { client, member } = await connectMember(console.env);
      const gateways = await readGateways(client);
      const now = client.clock.now();
      const account = `${member.email ?? member.user_id} (${member.role})`;
      const checks: readonly Check[] = [
        { about: 'hq', state: 'ok', finding: `${client.host} answers ${account}`, remedy: null },
        checkClock(client.clock.offset()),
        ...gateways.flatMap((gateway) => checkGateway(gateway, now)),
      ];
      if (json) console.printJson(listDocument(client, { checks }));
      else for (const each of checks) printCheck(console, each);
      const failed = checks.filter(({ state }) => state === 'fail').length;
      if (failed > 0) throw new HqError('failed', `${failed} of ${checks.length} checks failed.`);
    });
};

function printCheck(console: Console, { about, state, finding, remedy }: Check): void {
  console.print(`${console.paint(tones[state], state.padEnd(4))}  ${plain(about)}: ${plain(finding)}`);
  if (remedy !== null) console.print(`      ${plain(remedy)}`);
}
