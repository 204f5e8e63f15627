import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HqError } from '@hq/shared/errors';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentsContext, openContext } from './context.ts';
import { type Outcome, prepareAgents } from './prepare-agents.ts';
import { type CommitFile, writeCommit } from './repository/commit.ts';
import { tipOf } from './repository/git.ts';
import { prepareRepository } from './repository/repository.ts';
import { specOf } from './testing/specs.ts';

const templates = fileURLToPath(new URL('../../templates', import.meta.url));

let directory: string;
let state: string;
let context: AgentsContext;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hq-prepare-'));
  state = join(directory, 'state');
  mkdirSync(state);
  const { repository } = await prepareRepository({ stateDirectory: state, templatesDirectory: templates });
  const files = ['SOUL.md', 'notes/first.md'].map(
    (path): CommitFile => ({ path, mode: '100644', content: Buffer.from('{{name}}\n') }),
  );
  await writeCommit(repository, {
    branch: 'default',
    parent: await tipOf(repository, 'default'),
    message: 'Add notes\n',
    files,
  });
  context = await openContext({
    stateDirectory: state,
    home: directory,
    openclaw: () => {
      throw new HqError('unreachable', 'OpenClaw does not run.');
    },
    settings: () => Promise.reject(new HqError('unreachable', 'OpenClaw does not run.')),
    closed: new AbortController().signal,
    onFault: () => undefined,
  });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('lets no agent keep its hosts, or others from theirs, by what it does to its files', async () => {
  const maya = specOf('maya', { allowedHosts: ['pypi.org'] });
  const noor = specOf('noor');
  const prepare = async (...specs: (typeof maya)[]) => {
    const outcome: Outcome = { changed: new Set(), needCredential: [], problems: [] };
    const accepted = await prepareAgents(context, specs, () => undefined, outcome);
    return { accepted: accepted.map(({ slug }) => slug), ...outcome };
  };
  expect(await prepare(maya, noor)).toMatchObject({ accepted: ['maya', 'noor'], problems: [] });
  const notes = join(state, 'workspace-acme/maya/notes');
  rmSync(notes, { recursive: true });
  symlinkSync(join(directory, 'nowhere'), notes);
  const after = await prepare({ ...maya, allowedHosts: [] }, { ...noor, allowedHosts: ['pypi.org'] });
  expect(after).toMatchObject({
    accepted: ['maya', 'noor'],
    problems: [{ slug: 'maya', message: expect.stringContaining('Its files cannot be written: ') }],
  });
  expect((await context.agentRecords.read('acme-maya'))?.allowedHosts).toEqual([]);
  expect((await context.agentRecords.read('acme-noor'))?.allowedHosts).toEqual(['pypi.org']);
});
