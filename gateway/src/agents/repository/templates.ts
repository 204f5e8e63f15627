import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { type CommitFile, filesOf, writeCommit } from './commit.ts';
import { committer, git, gitLine, tipOf } from './git.ts';

const fetchMs = 120_000;
/** Files that every template has unless it brings its own. */
const sharedTemplate = 'default';

/**
 * Commits the bundled templates to their branches: `default`, and `template/<name>` for each. A branch that a person
 * changed is left as it is. Returns null.
 */
export async function seedTemplates(repository: string, directory: string): Promise<null> {
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const shared = await readTemplate(join(directory, sharedTemplate));
  for (const name of names.sort()) {
    const own = name === sharedTemplate ? new Map() : await readTemplate(join(directory, name));
    const files = [...new Map([...shared, ...own]).values()];
    await seedBranch(repository, name === sharedTemplate ? name : `template/${name}`, files);
  }
  return null;
}

async function seedBranch(repository: string, branch: string, files: readonly CommitFile[]): Promise<void> {
  const parent = await tipOf(repository, branch);
  if (parent !== undefined) {
    const lastCommitter = await gitLine(repository, ['log', '-1', '--format=%ce', parent]);
    if (lastCommitter !== committer.email) return;
    if (digestOf(await filesOf(repository, parent)) === digestOf(files)) return;
  }
  await writeCommit(repository, { branch, parent, message: 'Add the templates of this release\n', files });
}

async function readTemplate(directory: string): Promise<ReadonlyMap<string, CommitFile>> {
  const files = new Map<string, CommitFile>();
  for (const path of await readdir(directory)) {
    files.set(path, { path, mode: '100644', content: await readFile(join(directory, path)) });
  }
  return files;
}

function digestOf(files: readonly CommitFile[]): string {
  const hash = createHash('sha256');
  for (const { path, content } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${path.length} ${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Fetches `default` and `template/*` from another repository, whose branches win. Returns the reason where it cannot be
 * reached and earlier templates are there.
 */
export async function fetchTemplates(repository: string, source: string): Promise<string | null> {
  const url = sourceUrl(source);
  const refs = ['+refs/heads/default:refs/heads/default', '+refs/heads/template/*:refs/heads/template/*'];
  try {
    await git(repository, ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', 'templates', ...refs], {
      limitMs: fetchMs,
      settings: { 'remote.templates.url': url },
    });
    return null;
  } catch (cause) {
    const reason = cause instanceof HqError ? cause.message : 'git could not be run.';
    if ((await tipOf(repository, 'default')) !== undefined) return reason;
    throw new HqError('unreachable', `The templates cannot be fetched: ${reason}`, {
      hint: 'Check TEMPLATES_SOURCE: the repository needs the branches `default` and `template/<name>`.',
      cause,
    });
  }
}

/** Returns the address in `git+<url>`. Throws `usage` for another form, and for a password in it. */
function sourceUrl(source: string): string {
  const [, url] = /^git\+((?:https?|ssh|file):\/\/.+)$/.exec(source) ?? [];
  if (url !== undefined && URL.canParse(url)) {
    if (new URL(url).password === '') return url;
    throw new HqError('usage', 'TEMPLATES_SOURCE holds a password.', {
      field: 'TEMPLATES_SOURCE',
      hint: 'Git would show it to every process. Use an address that needs none, or ssh with a key.',
    });
  }
  throw new HqError('usage', 'TEMPLATES_SOURCE is not the address of a repository.', {
    field: 'TEMPLATES_SOURCE',
    hint: 'Write git+https://…, git+ssh://… or git+file:///….',
  });
}
