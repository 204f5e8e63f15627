import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { blobId, type CommitFile, treeOf, writeCommit } from './commit.ts';
import { committer, git, tipOf } from './git.ts';

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
  const tips = await tipsOf(repository);
  for (const name of names.sort()) {
    const branch = name === sharedTemplate ? name : `template/${name}`;
    const own = name === sharedTemplate ? new Map() : await readTemplate(join(directory, name));
    const files = [...new Map([...shared, ...own]).values()];
    await seedBranch(repository, branch, files, tips.get(branch));
  }
  return null;
}

async function seedBranch(
  repository: string,
  branch: string,
  files: readonly CommitFile[],
  tip: Tip | undefined,
): Promise<void> {
  if (tip !== undefined) {
    if (tip.committer !== committer.email) return;
    const written = (await treeOf(repository, tip.commit)).map(({ path, id }) => `${path} ${id}`);
    const wanted = files.map(({ path, content }) => `${path} ${blobId(content)}`);
    if (written.sort().join('\n') === wanted.sort().join('\n')) return;
  }
  const message = 'Add the templates of this release\n';
  await writeCommit(repository, { branch, parent: tip?.commit, message, files });
}

interface Tip {
  readonly commit: string;
  /** Address of who made the last commit. */
  readonly committer: string;
}

/** Returns the last commit of each branch. */
async function tipsOf(repository: string): Promise<ReadonlyMap<string, Tip>> {
  const format = '--format=%(refname:lstrip=2) %(objectname) %(committeremail:trim)';
  const output = await git(repository, ['for-each-ref', format, 'refs/heads/']);
  const tips = new Map<string, Tip>();
  for (const line of output.toString().split('\n')) {
    const [branch, commit, address] = line.split(' ');
    if (branch === undefined || commit === undefined || address === undefined) continue;
    tips.set(branch, { commit, committer: address });
  }
  return tips;
}

async function readTemplate(directory: string): Promise<ReadonlyMap<string, CommitFile>> {
  const files = new Map<string, CommitFile>();
  for (const path of await readdir(directory)) {
    files.set(path, { path, mode: '100644', content: await readFile(join(directory, path)) });
  }
  return files;
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
