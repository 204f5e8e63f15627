import { HqError } from '@hq/shared/errors';

const start = /^[0-9a-f]{4}[0-9a-f-]{0,32}$/;

/** Finds the one row whose id begins with a text of four characters or more. `lists` names the command that shows the ids. */
export async function findByIdStart<Row extends { readonly id: string }>(
  text: string,
  kind: 'command' | 'link',
  lists: string,
  read: () => Promise<readonly Row[]>,
): Promise<Row> {
  const wanted = text.toLowerCase();
  if (!start.test(wanted)) {
    throw new HqError('usage', `“${text}” is not the id of a ${kind}.`, {
      hint: `Give the id or its first 4 characters or more, as \`${lists}\` shows it.`,
    });
  }
  const [found, other] = (await read()).filter(({ id }) => id.startsWith(wanted));
  if (found === undefined) {
    throw new HqError('not_found', `None of the newest ${kind}s begins with ${wanted}.`, {
      hint: `\`${lists} --wide\` shows whole ids.`,
    });
  }
  if (other !== undefined) {
    throw new HqError('usage', `Several ${kind}s begin with ${wanted}.`, { hint: 'Give more of the id.' });
  }
  return found;
}
