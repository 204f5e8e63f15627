import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { provisionFiles, worktreeOf } from './provision-files.ts';
import { provisionRecords } from './records/provision-record.ts';
import { archiveWorktree } from './repository/archive.ts';
import { prepareRepository } from './repository/repository.ts';
import { specOf } from './testing/specs.ts';

const templates = fileURLToPath(new URL('../../templates', import.meta.url));
const maya = specOf('maya', { template: 'researcher' });

let state: string;
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'hq-files-'));
  await prepareRepository({ stateDirectory: state, templatesDirectory: templates });
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const workspace = (...path: string[]) => join(state, 'workspace-acme/maya', ...path);
const git = (...args: string[]) =>
  execFileSync('git', ['--git-dir', join(state, 'repo.git'), ...args], { encoding: 'utf8' }).trim();
const provision = (spec = maya, onStep: (step: string) => void = () => undefined) =>
  provisionFiles(spec, { stateDirectory: state, records: provisionRecords(state), onStep });
const contents = () =>
  Object.fromEntries(
    readdirSync(workspace())
      .filter((name) => name !== '.git')
      .map((name) => [name, readFileSync(workspace(name), 'utf8')]),
  );

describe('files of an agent', () => {
  it('come from its template, on a branch with one commit of its own', async () => {
    expect(await provision()).toEqual({ hasChanged: true, kept: [] });
    expect(readFileSync(workspace('SOUL.md'), 'utf8')).toContain('You are a researcher');
    expect(readFileSync(workspace('IDENTITY.md'), 'utf8')).toContain('**Name:** Maya');
    expect(JSON.parse(readFileSync(workspace('agent.json'), 'utf8'))).toMatchObject({
      slug: 'maya',
      openclawId: 'acme-maya',
      template: 'researcher',
      owner: { preferredName: 'Ann' },
    });
    expect(git('log', '--format=%s', 'acme/maya', '--not', 'template/researcher')).toBe(
      'Add maya from the template researcher',
    );
    const status = execFileSync('git', ['status', '--porcelain'], { cwd: workspace(), encoding: 'utf8' });
    expect(status).toBe('');
    expect(git('worktree', 'list')).toContain('[acme/maya]');
    expect(await provision()).toEqual({ hasChanged: false, kept: [] });
  });

  it('are the same after a stop at any step and another run', async () => {
    const steps: string[] = [];
    await provision(maya, (step) => steps.push(step));
    const complete = contents();
    expect(steps.length).toBeGreaterThan(4);
    for (const stopAt of steps) {
      rmSync(state, { recursive: true });
      mkdirSync(state);
      await prepareRepository({ stateDirectory: state, templatesDirectory: templates });
      const stopped = provision(maya, (step) => {
        if (step === stopAt) throw new Error('stopped');
      });
      await expect(stopped).rejects.toThrow('stopped');
      await provision();
      expect(contents()).toEqual(complete);
      expect(git('rev-list', '--count', 'acme/maya', '--not', 'template/researcher')).toBe('1');
    }
  });

  it('complete a checkout of which a kill left half a file', async () => {
    await expect(
      provision(maya, (step) => {
        if (step.includes('files are complete')) throw new Error('stopped');
      }),
    ).rejects.toThrow();
    const complete = readFileSync(workspace('SOUL.md'), 'utf8');
    writeFileSync(workspace('SOUL.md'), complete.slice(0, 10));
    await provision();
    expect(readFileSync(workspace('SOUL.md'), 'utf8')).toBe(complete);
  });

  it('that were there before are adopted and not overwritten', async () => {
    mkdirSync(workspace(), { recursive: true });
    writeFileSync(workspace('SOUL.md'), 'mine\n');
    expect(await provision()).toMatchObject({ kept: ['SOUL.md'] });
    expect(readFileSync(workspace('SOUL.md'), 'utf8')).toBe('mine\n');
    expect(existsSync(workspace('USER.md'))).toBe(true);
  });

  it('follow the spec until somebody changes one', async () => {
    await provision();
    writeFileSync(workspace('USER.md'), 'changed\n');
    unlinkSync(workspace('TOOLS.md'));
    const renamed = { ...maya, name: 'Maya Two', owner: { ...maya.owner, name: 'Someone' } };
    expect(await provision(renamed)).toEqual({ hasChanged: true, kept: ['USER.md'] });
    expect(readFileSync(workspace('IDENTITY.md'), 'utf8')).toContain('**Name:** Maya Two');
    expect(readFileSync(workspace('USER.md'), 'utf8')).toBe('changed\n');
    expect(existsSync(workspace('TOOLS.md'))).toBe(true);
  });

  it('never lead HQ out of the workspace by a link', async () => {
    await provision();
    const outside = join(state, 'openclaw.json');
    writeFileSync(outside, 'the configuration');
    unlinkSync(workspace('IDENTITY.md'));
    symlinkSync(outside, workspace('IDENTITY.md'));
    unlinkSync(workspace('.git'));
    symlinkSync(outside, workspace('.git'));
    symlinkSync(outside, workspace('copy.txt'));
    mkdirSync(workspace('notes'));
    symlinkSync(state, workspace('notes/state'));
    await provision({ ...maya, name: 'Maya Two' });
    expect(readFileSync(outside, 'utf8')).toBe('the configuration');
    expect(lstatSync(workspace('.git')).isFile()).toBe(true);
    await archiveWorktree(worktreeOf(state, 'acme/maya'), 'archive/acme/maya-1');
    expect(git('ls-tree', '-r', 'archive/acme/maya-1')).toMatch(/120000 blob \w+\tcopy\.txt/);
    expect(git('show', 'archive/acme/maya-1:copy.txt')).toBe(outside);
    const names = git('ls-tree', '-r', '--name-only', 'archive/acme/maya-1').split('\n');
    expect(names.filter((name) => name.startsWith('notes'))).toEqual(['notes/state']);
  });

  it('run no program that the workspace names', async () => {
    await provision();
    const mark = join(state, 'ran');
    rmSync(workspace('.git'));
    execFileSync('git', ['init', '--quiet', workspace()]);
    execFileSync('git', ['-C', workspace(), 'config', 'core.fsmonitor', `touch ${mark}`]);
    execFileSync('git', ['-C', workspace(), 'config', 'filter.evil.clean', `touch ${mark}`]);
    writeFileSync(workspace('.gitattributes'), '* filter=evil\n');
    await provision({ ...maya, name: 'Maya Two' });
    await archiveWorktree(worktreeOf(state, 'acme/maya'), 'archive/acme/maya-1');
    expect(existsSync(mark)).toBe(false);
    expect(existsSync(workspace())).toBe(false);
    expect(git('for-each-ref', '--format=%(refname)', 'refs/heads/acme', 'refs/heads/archive')).toBe(
      'refs/heads/archive/acme/maya-1',
    );
  });

  it('get their link of git anew where a pipe stands in its place', async () => {
    await provision();
    unlinkSync(workspace('.git'));
    execFileSync('mkfifo', [workspace('.git')]);
    await provision({ ...maya, name: 'Maya Two' });
    expect(lstatSync(workspace('.git')).isFile()).toBe(true);
  });

  it('stay as they are where one became too large to read', async () => {
    await provision();
    truncateSync(workspace('SOUL.md'), 5 * 1024 ** 3);
    expect(await provision({ ...maya, name: 'Maya Two' })).toMatchObject({ kept: ['SOUL.md'] });
    expect(readFileSync(workspace('IDENTITY.md'), 'utf8')).toContain('**Name:** Maya Two');
  });

  it('are removed with directories that are deeper than a path may be long', {
    timeout: 60_000,
  }, async () => {
    await provision();
    const name = JSON.stringify('d'.repeat(200));
    const dig = `for (let n = 0; n < 30; n++) { fs.mkdirSync(${name}); process.chdir(${name}); }`;
    execFileSync(process.execPath, ['-e', dig], { cwd: workspace() });
    await archiveWorktree(worktreeOf(state, 'acme/maya'), 'archive/acme/maya-1');
    expect(existsSync(workspace())).toBe(false);
    expect(git('ls-tree', '--name-only', 'archive/acme/maya-1')).toContain('SOUL.md');
  });

  it('need a template that exists', async () => {
    const missing = provision({ ...maya, template: 'nobody' });
    await expect(missing).rejects.toMatchObject({
      code: 'not_found',
      hint: expect.stringMatching(/^Templates: default, .*researcher/),
    });
  });
});
