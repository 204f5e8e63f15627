import { createHash } from 'node:crypto';
import { committer, git } from './git.ts';

/** A file of a commit. The path is relative and has `/` between its parts. */
export interface CommitFile {
  readonly path: string;
  readonly mode: '100644' | '100755' | '120000';
  /** Content of the file; the target of a symbolic link. */
  readonly content: Buffer;
}

export interface Commit {
  readonly branch: string;
  /** Commit or branch that comes before; undefined for the first one. */
  readonly parent: string | undefined;
  readonly message: string;
  /** All files of the new commit. */
  readonly files: AsyncIterable<CommitFile> | Iterable<CommitFile>;
}

/**
 * Writes a commit and moves its branch to it, which is one rename. It reads neither an index nor a directory, so that no
 * file of an agent decides what git runs.
 */
export async function writeCommit(repository: string, commit: Commit): Promise<void> {
  await git(repository, ['fast-import', '--quiet', '--done', '--date-format=now'], { input: stream(commit) });
}

async function* stream({ branch, parent, message, files }: Commit): AsyncGenerator<Buffer | string> {
  yield `reset refs/heads/${branch}\n`;
  yield `commit refs/heads/${branch}\ncommitter ${committer.name} <${committer.email}> now\n`;
  yield* data(Buffer.from(message));
  if (parent !== undefined) yield `from ${parent}\n`;
  yield 'deleteall\n';
  for await (const { path, mode, content } of files) {
    yield `M ${mode} inline ${quoted(path)}\n`;
    yield* data(content);
  }
  yield 'done\n';
}

function* data(content: Buffer): Generator<Buffer | string> {
  yield `data ${content.length}\n`;
  yield content;
  yield '\n';
}

/** Returns a path as a string of C, which fast-import reads. */
function quoted(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

interface TreeEntry extends Omit<CommitFile, 'content'> {
  readonly id: string;
}

/** Returns the files of a commit with the ids of their contents. */
export async function treeOf(repository: string, commit: string): Promise<readonly TreeEntry[]> {
  const listing = await git(repository, ['ls-tree', '-r', '-z', '--full-tree', commit]);
  return listing
    .toString()
    .split('\0')
    .flatMap((line) => {
      const [, mode, id, path] = /^(100644|100755|120000) blob ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
      if (id === undefined || path === undefined) return [];
      return { path, id, mode: mode === '100755' || mode === '120000' ? mode : '100644' };
    });
}

/** Returns git's id of a content. */
export function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

/** Returns the files of a commit. */
export async function filesOf(repository: string, commit: string): Promise<readonly CommitFile[]> {
  const entries = await treeOf(repository, commit);
  const input = entries.map(({ id }) => `${id}\n`).join('');
  const output = await git(repository, ['cat-file', '--batch'], { input });
  let at = 0;
  return entries.map(({ path, mode }) => {
    // `<id> blob <size>`, a line break, the content, a line break.
    const headEnd = output.indexOf('\n', at);
    const size = Number(output.subarray(at, headEnd).toString().split(' ')[2]);
    at = headEnd + 1 + size + 1;
    return { path, mode, content: output.subarray(headEnd + 1, headEnd + 1 + size) };
  });
}
