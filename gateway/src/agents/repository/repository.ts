import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './git.ts';
import { fetchTemplates, seedTemplates } from './templates.ts';

export interface RepositoryOptions {
  readonly stateDirectory: string;
  /** Directory with the bundled templates. */
  readonly templatesDirectory: string;
  /** `git+<url>` of another repository with templates; undefined for the bundled ones. */
  readonly templatesSource?: string | undefined;
}

export interface PreparedRepository {
  readonly repository: string;
  /** Names of the templates, sorted. */
  readonly templates: readonly string[];
  /** Reason why the templates are those of an earlier start; null where they are up to date. */
  readonly problem: string | null;
}

/** Creates `repo.git` where it is missing and brings its templates up to date. It is safe to stop it anywhere and run it again. */
export async function prepareRepository(options: RepositoryOptions): Promise<PreparedRepository> {
  const repository = join(options.stateDirectory, 'repo.git');
  if (!existsSync(repository)) await createRepository(repository);
  const problem =
    options.templatesSource === undefined
      ? await seedTemplates(repository, options.templatesDirectory)
      : await fetchTemplates(repository, options.templatesSource);
  return { repository, templates: await templateNames(repository), problem };
}

async function createRepository(repository: string): Promise<void> {
  const unfinished = `${repository}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await git(unfinished, ['init', '--quiet', '--bare', '--initial-branch=default', '--template=', unfinished]);
  await rename(unfinished, repository);
}

/** Returns the names of the templates: the branches below `template/`, sorted. */
export async function templateNames(repository: string): Promise<readonly string[]> {
  const format = '--format=%(refname:lstrip=3)';
  const names = await git(repository, ['for-each-ref', format, 'refs/heads/template/']);
  return names
    .toString()
    .split('\n')
    .filter((name) => name !== '')
    .sort();
}
