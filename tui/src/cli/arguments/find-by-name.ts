import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents } from '@hq/shared/queries';
import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { nearestNames } from '@hq/shared/text';
import { onlyOne, readIdStart } from './id-start.ts';

/** More names are counted, and the nearest named. */
const mostNamed = 5;

/** Finds a gateway by its slug, its id or the start of its id. */
export function findGateway(gateways: readonly GatewayRow[], name: string): GatewayRow {
  return findNamed(gateways, name, 'gateway');
}

/** Finds an agent by its slug, its id or the start of its id. */
export async function findAgent(client: HqClient, name: string): Promise<AgentRow> {
  const [found] = await readAgents(client, { slug: name });
  return found ?? findNamed(await readAgents(client), name, 'agent');
}

function findNamed<Row extends { readonly id: string; readonly slug: string }>(
  rows: readonly Row[],
  name: string,
  kind: 'gateway' | 'agent',
): Row {
  const found = rows.find(({ id }) => id === name) ?? rows.find(({ slug }) => slug === name);
  if (found !== undefined) return found;
  const start = readIdStart(name);
  const begun = start === null ? [] : rows.filter(({ id }) => start.begins(id));
  if (begun.length > 0) return onlyOne(begun, name, kind, ({ slug }) => slug);
  throw new HqError('not_found', `There is no ${kind} “${name}”.`, {
    field: `--${kind}`,
    hint: namesHint(name, rows, kind),
  });
}

/** Returns the names that were meant perhaps, with the call that lists all; a few names as they are. */
export function namesHint(
  name: string,
  rows: readonly { readonly slug: string }[],
  kind: 'gateway' | 'agent',
): string {
  const slugs = rows.map(({ slug }) => slug);
  if (slugs.length === 0) return `There is no ${kind} yet.`;
  if (slugs.length <= mostNamed) return `Known: ${slugs.join(', ')}.`;
  const near = nearestNames(name, slugs);
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(', ')}? `;
  return `${meant}\`hq-tui ${kind}s\` lists all ${slugs.length}.`;
}
