import { HqError } from '@hq/shared/errors';
import { nearestNames } from '@hq/shared/text';

type Named = readonly { readonly slug: string }[];

/** More names are counted, and the nearest named. */
const mostNamed = 5;

/** Returns the names that were meant perhaps, with the `lister` that lists all; a few names as they are. */
export function namesHint(
  name: string,
  rows: Named,
  kind: 'gateway' | 'agent',
  lister = `\`hq-tui ${kind}s\``,
): string {
  const slugs = rows.map(({ slug }) => slug);
  if (slugs.length === 0) return `There is no ${kind} yet.`;
  if (slugs.length <= mostNamed) return `Known: ${slugs.join(', ')}.`;
  const near = nearestNames(name, slugs);
  const meant = near.length === 0 ? '' : `Did you mean ${near.join(', ')}? `;
  return `${meant}${lister} lists all ${slugs.length}.`;
}

/** Returns a refusal of the database, with a hint where a field of the payload names an agent that does not exist. */
export async function withNamesHint(
  failure: unknown,
  payload: Readonly<Record<string, unknown>>,
  readAgents: () => Named | Promise<Named>,
  lister?: string,
): Promise<unknown> {
  if (!(failure instanceof HqError) || failure.code !== 'not_found' || failure.hint !== undefined)
    return failure;
  const { field = '', code, message } = failure;
  const name = payload[field];
  if (field !== 'agent' || typeof name !== 'string') return failure;
  return new HqError(code, message, {
    field,
    hint: namesHint(name, await readAgents(), 'agent', lister),
    cause: failure,
  });
}
