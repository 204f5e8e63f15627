import { HqError } from '@hq/shared/errors';
import { readAgents, readGateways } from '@hq/shared/queries';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { ImportPlan } from '../../../importing/plan.ts';
import type { ImportRecord } from '../../../importing/record.ts';
import { keysFor } from '../../../secrets/write-secret.ts';
import { flag, parseToWrite } from '../../arguments/options.ts';
import type { AddCommand } from '../../command.ts';
import { connectMember } from '../../connection/connect-member.ts';
import type { Console } from '../../output/console.ts';
import { openProgress } from '../../output/progress.ts';
import { confirmByYes } from '../../prompts/confirm.ts';
import {
  checkNamedControl,
  chooseGateway,
  homeCommand,
  placeOptions,
  renameOption,
  renames,
} from './options.ts';

const optionsOf = placeOptions.extend({ as: renames, cron: flag, channels: flag.default(true) });
type ImportOptions = z.output<typeof optionsOf>;

export const addImport: AddCommand = (parent, console) => {
  homeCommand(parent, 'import', 'let HQ operate the agents of an OpenClaw; its home is only read')
    .addOption(renameOption())
    .option('--cron', 'make routines of cron jobs, too')
    .option('--no-channels', 'leave the chat channels of the agents out')
    .action((home: string, _options: unknown, self: Command) =>
      importHome(console, home, parseToWrite(optionsOf, self)),
    );
};

/** Reads, prints the plan, asks, and carries it out. It may be stopped at any point and started again. */
async function importHome(console: Console, given: string, options: ImportOptions): Promise<void> {
  const [{ readHome }, { planImport }, printing, records, { parseRenames }] = await Promise.all([
    import('../../../openclaw-home/read-home.ts'),
    import('../../../importing/plan.ts'),
    import('../../../importing/print-plan.ts'),
    import('../../../importing/record.ts'),
    import('../../../importing/slugs.ts'),
  ]);
  console.say('Reading the home');
  const home = await readHome(given);
  const ids = home.agents.map(({ id }) => id);
  const renamed = parseRenames(options.as, ids);
  const { client } = await connectMember(console.env);
  await checkNamedControl(console.env, client.url, options);
  const gateway = chooseGateway(await readGateways(client), options.gateway);
  const recordPath = records.recordPath(console.env, client.url, gateway.id, home.path);
  const record = await records.readRecord(recordPath);
  const isWithoutChannels = !options.channels;
  const rows = await readAgents(client);
  const plan = planImport({ home, gateway, rows, record, renames: renamed, isWithoutChannels });
  if (!options.json) for (const line of printing.planLines(plan)) console.print(line);
  if (options.dryRun) {
    if (options.json) console.printJson({ dryRun: true, plan: printing.planDocument(plan) });
    return;
  }
  const withCron = await prepare(console, plan, options);
  const { findControl } = await import('../../../importing/find-control.ts');
  const control = await findControl(console.env, client.url, options);
  await control.check();
  // Before anything is made: without the key no secret can be stored.
  await keysFor(client, console.env, gateway, `hq-tui gateways import ${given}`);
  const begun = record ?? (await beginRecord(console, plan));
  await records.writeRecord(recordPath, begun);
  const { carryOut } = await import('../../../importing/carry-out.ts');
  const job = { console, client, control, plan, recordPath, withCron, onStep: console.say };
  const done = await carryOut(job, begun);
  await client.close();
  await report(console, plan, done, options.json);
}

/** Refuses what cannot be done and asks. Returns true if cron jobs are adopted. */
async function prepare(console: Console, plan: ImportPlan, { yes, cron }: ImportOptions): Promise<boolean> {
  const { agentsToImport, takesChannels } = await import('../../../importing/plan.ts');
  const agents = agentsToImport(plan);
  const isNothing = agents.length === 0 && !(cron && plan.cronJobs.length > 0);
  if (isNothing && plan.agents.every(({ outcome }) => outcome !== 'present')) {
    throw new HqError('conflict', 'No agent of this home can be imported.', {
      hint: 'The plan says why for each; --as old=new gives another slug.',
    });
  }
  const { running } = plan.home.state;
  if (running !== null && takesChannels(plan)) {
    throw new HqError('conflict', `OpenClaw runs on this home (process ${running.pid} on ${running.host}).`, {
      hint: 'Stop it, so that each bot has one reader, or import without the channels with --no-channels.',
    });
  }
  if (yes || isNothing) return cron;
  const names = agents.map(({ slug }) => slug).join(', ');
  await confirmByYes(
    console,
    'An import adds agents',
    `Adds ${names || 'cron jobs'} to ${plan.gateway.slug}.`,
  );
  if (cron || plan.cronJobs.length === 0) return cron;
  const { askLine } = await import('../../prompts/question.ts');
  const answer = await askLine(console, `Make routines of ${plan.cronJobs.length} cron jobs, too? [y/N] `);
  return /^y(es)?$/i.test(answer);
}

async function beginRecord(console: Console, { home, gateway, agents }: ImportPlan): Promise<ImportRecord> {
  const { makeManifest } = await import('../../../openclaw-home/manifest.ts');
  const outside = agents.flatMap(({ agent: { files } }) =>
    files.root === null || files.fault !== null || `${files.root}/`.startsWith(`${home.path}/`)
      ? []
      : [files.root],
  );
  const roots = [home.path, ...new Set(outside)];
  const progress = openProgress(console.stderr, 'Hashed', null);
  const manifest = await makeManifest(roots, (count) => progress.update(count));
  progress.end();
  const createdAt = new Date().toISOString();
  return { home: home.path, gatewayId: gateway.id, createdAt, roots, manifest, agents: [] };
}

async function report(
  console: Console,
  plan: ImportPlan,
  record: ImportRecord,
  json: boolean,
): Promise<void> {
  const { compareHome, homeSentences } = await import('../../../importing/compare-home.ts');
  const changed = await compareHome(console, record);
  const imported = record.agents.map(({ source, slug, agentId, secrets, cronJobs }) => ({
    ...{ source, slug, agentId, cronJobs: cronJobs.length },
    secrets: secrets.map(({ key }) => key),
  }));
  if (json) {
    const { planDocument } = await import('../../../importing/print-plan.ts');
    const home = { isEqual: changed.length === 0, changed };
    console.printJson({ dryRun: false, plan: planDocument(plan), imported, home });
    return;
  }
  for (const { source, slug, secrets } of imported) {
    const stored = secrets.length === 0 ? '' : `, with ${secrets.join(', ')}`;
    console.print(`${source} is ${slug} in HQ${stored}`);
  }
  for (const sentence of homeSentences(record, changed)) console.print(sentence);
}
