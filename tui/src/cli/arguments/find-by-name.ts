import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readAgents } from '@hq/shared/queries';
import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { namesHint } from '../../actions/names-hint.ts';
import { onlyOne, readIdStart } from './id-start.ts';

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
