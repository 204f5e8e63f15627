import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { prepareRepository } from './repository.ts';

const templates = fileURLToPath(new URL('../../../templates', import.meta.url));
const description = z.strictObject({ title: z.string(), summary: z.string().max(100) });

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'hq-repository-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const git = (...args: string[]) =>
  execFileSync('git', ['--git-dir', join(state, 'repo.git'), ...args], { encoding: 'utf8' }).trim();
const prepare = (templatesDirectory = templates, templatesSource?: string) =>
  prepareRepository({ stateDirectory: state, templatesDirectory, templatesSource });

describe('the bundled templates', () => {
  it('are at least eight, each with a title, a summary and its own character', () => {
    const names = readdirSync(templates).filter((name) => name !== 'default');
    expect(names.length).toBeGreaterThanOrEqual(8);
    for (const name of names) {
      description.parse(JSON.parse(readFileSync(join(templates, name, 'template.json'), 'utf8')));
      expect(readFileSync(join(templates, name, 'SOUL.md'), 'utf8')).toContain('## When you ask');
    }
  });

  it('are branches with the shared files, and stay as they are', async () => {
    const { templates: names } = await prepare();
    expect(names).toContain('researcher');
    expect(git('show', 'template/researcher:AGENTS.md')).toBe(git('show', 'default:AGENTS.md'));
    expect(git('show', 'template/researcher:SOUL.md')).not.toBe(git('show', 'default:SOUL.md'));
    const before = git('for-each-ref');
    await prepare();
    expect(git('for-each-ref')).toBe(before);
  });

  it('are created again where a killed start left half a repository', async () => {
    mkdirSync(join(state, 'repo.git.new'));
    writeFileSync(join(state, 'repo.git.new/HEAD'), 'half');
    expect((await prepare()).templates).toContain('writer');
    expect(existsSync(join(state, 'repo.git.new'))).toBe(false);
  });

  it('follow a new release, but for a branch that a person changed', async () => {
    await prepare();
    const clone = join(state, 'clone');
    execFileSync('git', ['clone', '--quiet', '--branch', 'template/writer', join(state, 'repo.git'), clone]);
    writeFileSync(join(clone, 'SOUL.md'), 'by a person\n');
    const person = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.test'];
    execFileSync('git', ['-C', clone, ...person, 'commit', '--quiet', '--all', '--message', 'Mine']);
    execFileSync('git', ['-C', clone, 'push', '--quiet']);
    const next = join(state, 'next');
    cpSync(templates, next, { recursive: true });
    for (const name of ['writer', 'support']) writeFileSync(join(next, name, 'SOUL.md'), 'next release\n');
    await prepare(next);
    expect(git('show', 'template/support:SOUL.md')).toBe('next release');
    expect(git('show', 'template/writer:SOUL.md')).toBe('by a person');
  });
});

describe('templates of another repository', () => {
  it('are fetched in the place of the bundled ones, and kept while it is away', async () => {
    const other = mkdtempSync(join(tmpdir(), 'hq-source-'));
    await prepareRepository({ stateDirectory: other, templatesDirectory: templates });
    const source = `git+file://${other}/repo.git`;
    expect(await prepare('/nowhere', source)).toMatchObject({ problem: null });
    expect(git('show', 'template/researcher:SOUL.md')).toContain('researcher');
    rmSync(other, { recursive: true });
    const { problem, templates: names } = await prepare('/nowhere', source);
    expect(problem).toContain('git fetch failed');
    expect(names).toContain('researcher');
  });

  it('are refused from an address with a password, and of another kind', async () => {
    const hidden = prepare(templates, 'git+https://ann:hidden-word@example.test/x.git');
    await expect(hidden).rejects.toMatchObject({
      code: 'usage',
      message: expect.not.stringContaining('hidden-word'),
    });
    await expect(prepare(templates, 'git+ext::sh -c date')).rejects.toMatchObject({ code: 'usage' });
  });
});
