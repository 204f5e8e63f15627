import { HqError } from '@hq/shared/errors';

const pattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** Words that a branch of HQ's repository has, as `hq.is_agent_slug` of the database refuses them. */
const reserved = new Set(['default', 'main', 'master', 'new', 'template']);

function isAgentSlug(slug: string): boolean {
  const isFree = !reserved.has(slug) && !slug.startsWith('template-');
  return isFree && pattern.test(slug) && slug.length >= 2 && slug.length <= 40;
}

/** Returns the slug for an agent: its id, or else one made of its name; null where neither makes one. */
export function slugFor(id: string, name: string): string | null {
  return [id, madeOf(id), madeOf(name)].find(isAgentSlug) ?? null;
}

function madeOf(text: string): string {
  const words = text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  return words
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
}

/** Parses the values of `--as`: agents of the home and the slugs that they get. */
export function parseRenames(values: readonly string[], ids: readonly string[]): ReadonlyMap<string, string> {
  const renames = new Map<string, string>();
  for (const value of values) {
    const [id = '', slug = '', ...rest] = value.split('=');
    if (slug === '' || rest.length > 0)
      throw unusable(`“${value}” is not of the form old=new.`, 'Such as --as main=maya.');
    if (!ids.includes(id)) throw unusable(`The home has no agent “${id}”.`, `It has ${ids.join(', ')}.`);
    if (!isAgentSlug(slug)) {
      throw unusable(
        `“${slug}” is no slug.`,
        'It needs 2 to 40 small letters, digits and single dashes, and no reserved word.',
      );
    }
    if (renames.has(id)) throw unusable(`The agent “${id}” is renamed twice.`, 'Name it once.');
    renames.set(id, slug);
  }
  return renames;
}

function unusable(message: string, hint: string): HqError {
  return new HqError('usage', message, { field: '--as', hint });
}
