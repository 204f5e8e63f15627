import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HqError } from '@hq/shared/errors';

const gitMs = 60_000;
const mostOutput = 64 * 1024 * 1024;

/** Name and address of HQ's commits. A branch whose last commit has another address was changed by a person. */
export const committer = { name: 'HQ', email: 'hq@localhost' } as const;

/** Settings that keep every command from running programs that a repository or an agent names. */
const safeSettings: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.pager': 'cat',
  'core.autocrlf': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'submodule.recurse': 'false',
  'fetch.recurseSubmodules': 'false',
  'protocol.allow': 'never',
  'protocol.file.allow': 'always',
  'protocol.http.allow': 'always',
  'protocol.https.allow': 'always',
  'protocol.ssh.allow': 'always',
};

export interface GitOptions {
  readonly input?: AsyncIterable<Buffer | string> | string | undefined;
  readonly limitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Further settings, which must not be in an argument. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/**
 * Runs git with a repository that only HQ writes, without the user's configuration and hooks. Returns its output. Throws
 * `failed` with git's last line, `timed_out` after the limit.
 */
export async function git(
  gitDirectory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<Buffer> {
  const { input, limitMs = gitMs, signal, settings = {} } = options;
  const limit = AbortSignal.timeout(limitMs);
  const child = spawn('git', [`--git-dir=${gitDirectory}`, ...args], {
    env: gitEnvironment({ ...safeSettings, ...settings }),
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'close');
  const output: Buffer[] = [];
  let size = 0;
  let errorOutput = '';
  child.stdout.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size > mostOutput) child.kill('SIGKILL');
    else output.push(bytes);
  });
  child.stderr.on('data', (bytes: Buffer) => {
    errorOutput = `${errorOutput}${bytes.toString()}`.slice(-2_000);
  });
  // A git that ended early wrote the reason to its standard error.
  child.stdin.on('error', () => child.stdin.destroy());
  try {
    await Promise.all([writeInput(child.stdin, input), ended]);
  } catch (cause) {
    signal?.throwIfAborted();
    child.kill('SIGKILL');
    if (limit.aborted) throw new HqError('timed_out', `git ${args[0]} took longer than ${limitMs / 1000} s.`);
    const hint = 'Install git on the gateway: agents’ files are kept in a repository.';
    throw new HqError('failed', `git ${args[0]} could not be run.`, { hint, cause });
  }
  if (child.exitCode === 0) return Buffer.concat(output);
  const reason = errorOutput.trim().split('\n').at(-1) ?? '';
  throw new HqError('failed', `git ${args[0]} failed: ${reason}`);
}

/** Returns the first line of git's output; undefined when it fails, as for a name that does not exist. */
async function gitLine(gitDirectory: string, args: readonly string[]): Promise<string | undefined> {
  try {
    return (await git(gitDirectory, args)).toString().trim().split('\n')[0];
  } catch (error) {
    if (error instanceof HqError && error.code === 'failed') return undefined;
    throw error;
  }
}

/** Returns the id of the last commit of a branch; undefined where there is no such branch. */
export function tipOf(repository: string, branch: string): Promise<string | undefined> {
  return gitLine(repository, ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}^{commit}`]);
}

function gitEnvironment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '/', HTTP_PROXY, HTTPS_PROXY, NO_PROXY } = process.env;
  const entries = Object.entries(settings);
  return {
    PATH,
    HOME,
    ...(HTTP_PROXY === undefined ? {} : { http_proxy: HTTP_PROXY }),
    ...(HTTPS_PROXY === undefined ? {} : { https_proxy: HTTPS_PROXY }),
    ...(NO_PROXY === undefined ? {} : { no_proxy: NO_PROXY }),
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_AUTHOR_NAME: committer.name,
    GIT_AUTHOR_EMAIL: committer.email,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

async function writeInput(
  stdin: NodeJS.WritableStream,
  input: AsyncIterable<Buffer | string> | string | undefined,
): Promise<void> {
  if (input !== undefined) {
    for await (const part of typeof input === 'string' ? [input] : input) {
      if (!stdin.writable) return;
      if (!stdin.write(part)) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')]);
    }
  }
  stdin.end();
}
