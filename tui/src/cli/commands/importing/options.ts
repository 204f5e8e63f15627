import { HqError } from '@hq/shared/errors';
import type { GatewayRow } from '@hq/shared/rows';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import { namesHint } from '../../../actions/names-hint.ts';
import { findGateway } from '../../arguments/find-by-name.ts';
import { flag, text, writeOptions } from '../../arguments/options.ts';

export const placeOptions = writeOptions.extend({
  gateway: text,
  socket: text,
  container: text,
  yes: flag,
  dryRun: flag,
});

/** Adds a command about a home of OpenClaw, with the options that name the gateway and the way to it. */
export function homeCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .argument('<home>', 'the state directory of OpenClaw, such as ~/.openclaw')
    .description(description)
    .option('--gateway <gateway>', 'slug or id; optional with a single gateway')
    .option('--socket <path>', 'the control socket of that gateway: hq/control.sock in its state')
    .option('--container <name>', 'the container of that gateway, instead of its socket')
    .option('--dry-run', 'print the plan, and change nothing')
    .option('--yes', 'do not ask for confirmation')
    .option('--json', 'one JSON document');
}

export const renameOption = (): Option =>
  new Option('--as <old=new>', 'another slug for an agent; repeat it for each agent').argParser(
    (value: string, before: readonly string[] = []) => [...before, value],
  );

export const renames = z.array(z.string()).default([]);

/** Throws for a socket or container that is named and does not answer: a dry run would hide the mistake until the import. */
export async function checkNamedControl(
  env: NodeJS.ProcessEnv,
  url: string,
  { socket, container }: Pick<z.output<typeof placeOptions>, 'socket' | 'container'>,
): Promise<void> {
  if (socket === undefined && container === undefined) return;
  const { findControl } = await import('../../../importing/find-control.ts');
  await (await findControl(env, url, { socket, container })).check();
}

/** Returns the named gateway, or the only one. */
export function chooseGateway(gateways: readonly GatewayRow[], name: string | undefined): GatewayRow {
  if (name !== undefined) return findGateway(gateways, name);
  const [only, ...others] = gateways;
  if (only === undefined) throw new HqError('usage', 'No gateway is registered yet.', { field: '--gateway' });
  if (others.length === 0) return only;
  throw new HqError('usage', 'There are several gateways.', {
    field: '--gateway',
    hint: `Name one. ${namesHint('', gateways, 'gateway')}`,
  });
}
