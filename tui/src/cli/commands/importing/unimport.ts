import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { readGateways } from '@hq/shared/queries';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import type { z } from 'zod';
import { flag, parseToWrite } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import type { Console } from '../../output/console.ts';
import { confirmByYes } from '../../prompts/confirm.ts';
import { checkNamedControl, chooseGateway, homeCommand, placeOptions } from './options.ts';

const optionsOf = placeOptions.extend({ changed: flag });
type UnimportOptions = z.output<typeof optionsOf>;

export const addUnimport: AddCommand = (parent, console) => {
  homeCommand(parent, 'unimport', 'remove from HQ what an import added; the files are archived')
    .option('--changed', 'also what changed since the import')
    .action((home: string, _options: unknown, self: Command) =>
      unimportHome(console, home, parseToWrite(optionsOf, self)),
    );
};

/** Removes what the record names, then compares the home. It may be stopped at any point and started again. */
async function unimportHome(console: Console, given: string, options: UnimportOptions): Promise<void> {
  const [records, undo, { findControl }, comparison] = await Promise.all([
    import('../../../importing/record.ts'),
    import('../../../importing/undo.ts'),
    import('../../../importing/find-control.ts'),
    import('../../../importing/compare-home.ts'),
  ]);
  const { client } = await connectMember(console.env);
  await checkNamedControl(console.env, client.url, options);
  const gateway = chooseGateway(await readGateways(client), options.gateway);
  const path = await realpath(given).catch(() => resolve(given));
  const recordPath = records.recordPath(console.env, client.url, gateway.id, path);
  const record = await records.readRecord(recordPath);
  if (record === null) {
    throw new HqError(
      'not_found',
      `${JSON.stringify(path)} was not imported to ${gateway.slug} by this user.`,
      {
        field: 'home',
        hint: `An import is recorded on the machine where it ran, in ${recordPath}.`,
      },
    );
  }
  const present = await undo.findPresent(client, record);
  const changes = await undo.findChanges(client, record, present);
  const slugs = present.flatMap(({ imported, row }) => (row === null ? [] : [imported.slug]));
  for (const change of changes) console.say(plain(change));
  if (options.dryRun) {
    if (options.json) console.printJson({ dryRun: true, agents: slugs, changes });
    else console.print(`Would remove ${slugs.join(', ') || 'nothing'}`);
    return;
  }
  if (changes.length > 0 && !options.changed) {
    throw new HqError('conflict', `${changes.length} things changed since the import: ${changes[0]}.`, {
      field: '--changed',
      hint: 'Nothing was removed. Add --changed to remove the agents all the same.',
    });
  }
  if (!options.yes) {
    const what = `Removes ${slugs.join(', ') || 'what is left'} from HQ, with their secrets; their files are archived.`;
    await confirmByYes(console, 'unimport is destructive', what);
  }
  const control = () => findControl(console.env, client.url, options);
  const job = { console, client, control, recordPath, onStep: console.say };
  const removed = await undo.undoImport(job, record, present);
  await client.close();
  const changed = await comparison.compareHome(console, record);
  await records.removeRecord(recordPath);
  if (options.json) {
    const home = { isEqual: changed.length === 0, changed };
    console.printJson({ dryRun: false, removed, home });
    return;
  }
  for (const { slug, archived } of removed) {
    console.print(`${slug} is removed${archived === null ? '' : `; its files are on branch ${archived}`}`);
  }
  for (const sentence of comparison.homeSentences(record, changed)) console.print(sentence);
}
