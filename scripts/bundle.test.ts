import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../db/testing/eventually.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
let copy: string;

beforeEach(async () => {
  copy = await mkdtemp(join(tmpdir(), 'hq-bundle-'));
});
afterEach(() => rm(copy, { recursive: true, force: true }));

async function copyFiles(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await cp(join(root, path), join(copy, path), { recursive: true });
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(copy, path)), { recursive: true });
  await writeFile(join(copy, path), text);
}

const prints = (word: string) => `process.stdout.write('${word}\\n');\n`;

describe.each([
  ['hq-tui', 'tui', []],
  ['hq-bots', 'bots', ['bots/src/runtime/adapter-worker.ts']],
] as const)('%s', (name, folder, threads) => {
  const program = `${folder}/bin/${name}.mjs`;
  const start = () => run(process.execPath, [join(copy, program)]);

  it('in a checkout runs what is in the sources', { timeout: 120_000 }, async () => {
    await copyFiles('package.json', 'package-lock.json', 'scripts', `${folder}/package.json`, program);
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const thread of threads) await write(thread, '');
    await write(`${folder}/src/word.ts`, `export const word: string = 'first';\n`);
    await write(`${folder}/src/main.ts`, `import { word } from './word.ts';\nconsole.log(word);\n`);
    const first = await start();
    expect(first).toMatchObject({ stdout: 'first\n', stderr: `Building ${name} ...\n` });
    expect(await start()).toMatchObject({ stdout: 'first\n', stderr: '' });

    await write(`${folder}/src/word.ts`, `export const word: string = 'second';\n`);
    expect(await start()).toMatchObject({ stdout: 'second\n', stderr: `Building ${name} ...\n` });

    await write(`${folder}/src/main.ts`, 'this is no program');
    await expect(start()).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`${name} could not be built from its sources`),
    });
  });

  it('without sources runs its bundle as it is', async () => {
    await copyFiles(`${folder}/package.json`, program);
    await write(`${folder}/dist/${name}.js`, prints('shipped'));
    expect(await start()).toMatchObject({ stdout: 'shipped\n', stderr: '' });
  });
});

describe('the command hq-tui', () => {
  const start = async (env: Readonly<Record<string, string>>) => {
    await mkdir(join(copy, 'bin'));
    await symlink('../tui/bin/hq-tui.sh', join(copy, 'bin/hq-tui'));
    const running = run(join(copy, 'bin/hq-tui'), ['one', 'two words'], { env });
    const { stdout } = await running;
    return { pid: running.child.pid, said: JSON.parse(stdout) };
  };
  const report = `const { pid, execPath, execArgv, argv } = process;
    process.stdout.write(JSON.stringify({ pid, execPath, execArgv, args: argv.slice(2) }));`;

  beforeEach(async () => {
    await copyFiles('tui/package.json', 'tui/bin');
    await write('tui/dist/hq-tui.js', report);
  });

  it('is one process, of the pinned Node whatever Node is in the PATH', async () => {
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    const { pid, said } = await start({ PATH: '/usr/bin:/bin' });
    expect(said).toMatchObject({ pid, args: ['one', 'two words'] });
    expect(said.execPath).toBe(await realpath(join(root, 'node_modules/node/bin/node')));
    expect(said.execArgv).toContain('--max-semi-space-size=2');
  });

  it('is one process of the Node in the PATH where none is pinned', async () => {
    const { pid, said } = await start({ PATH: `${dirname(process.execPath)}:/usr/bin:/bin` });
    expect(said).toMatchObject({ pid, execPath: await realpath(process.execPath) });
  });

  it('ends when the shell of npm is ended', async () => {
    await write(
      'tui/dist/hq-tui.js',
      'process.stdout.write(String(process.pid)); setInterval(() => 0, 1_000);',
    );
    const shell = spawn('sh', ['-c', '"$1"; true', 'sh', join(copy, 'tui/bin/hq-tui.sh')], {
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, npm_lifecycle_event: 'npx' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [pid] = await once(shell.stdout, 'data');
    shell.kill('SIGTERM');
    await eventually(() => expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH'));
  });
});
