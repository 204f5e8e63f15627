#!/usr/bin/env node
// Runs a program of this project under its pinned Node, after installing what is missing.
// This one file must work on any Node from 20 on, with nothing installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

function fail(message) {
  process.stderr.write(`hq: ${message}\n`);
  process.exit(1);
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages ?? {};
  } catch {
    return undefined;
  }
}

/** Returns true if node_modules has every package of the lock file for this platform at its version. */
function hasPackages() {
  const wanted = readLock(join(root, 'package-lock.json'));
  if (wanted === undefined)
    fail('package-lock.json is missing or damaged: restore it with git checkout package-lock.json');
  const present = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.link || entry.optional || entry.devOptional) return true;
    return present[path]?.version === entry.version;
  });
}

function countPackages() {
  return Object.keys(readLock(join(root, 'package-lock.json')) ?? {}).filter((path) =>
    path.includes('node_modules/'),
  ).length;
}

function runNpm(args, progress) {
  return new Promise((resolve) => {
    // Installs with the npm that runs this script, which sets npm_execpath.
    const npmCli = process.env.npm_execpath;
    const [command, prefix] =
      npmCli && /\.c?js$/.test(npmCli)
        ? [process.execPath, [npmCli]]
        : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
    const child = spawn(command, [...prefix, ...args], {
      cwd: root,
      // npm's scripts run under the pinned Node once it is installed.
      env: { ...process.env, PATH: `${dirname(pinnedNode)}${delimiter}${process.env.PATH ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-8000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const started = Date.now();
    const isTerminal = process.stderr.isTTY === true;
    const tick = setInterval(
      () => {
        const seconds = Math.round((Date.now() - started) / 1000);
        process.stderr.write(
          isTerminal ? `\r${progress} ... ${seconds} s ` : `${progress} ... ${seconds} s\n`,
        );
      },
      isTerminal ? 1000 : 15_000,
    );
    child.on('error', (error) => {
      clearInterval(tick);
      resolve({ code: 1, output: String(error) });
    });
    child.on('close', (code) => {
      clearInterval(tick);
      if (isTerminal) process.stderr.write('\r\x1b[K');
      resolve({ code: code ?? 1, output });
    });
  });
}

async function npmOrFail(args, label) {
  const { code, output } = await runNpm([...args, '--no-audit', '--no-fund', '--loglevel=error'], label);
  if (code === 0) return;
  process.stderr.write(output);
  fail(
    `npm ${args[0]} ended with ${code}; its last lines are above. Check the network and run the same command again`,
  );
}

function fetchPinnedNode() {
  const folder = join(root, 'node_modules', 'node');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['installArchSpecificPackage'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status === 0 && existsSync(pinnedNode)) return;
  process.stderr.write(`${stdout}${stderr}`);
  fail('the pinned Node could not be installed. Check the network and run the same command again');
}

/** Installs packages, and runs the two install scripts that HQ needs: .npmrc turns all others off. */
async function install() {
  if (!hasPackages()) {
    const label = `Installing ${countPackages()} packages (once)`;
    process.stderr.write(`${label}\n`);
    // NODE_ENV=production in the caller's environment would omit the packages of tests and builds.
    await npmOrFail(['ci', '--include=dev'], label);
  }
  if (!existsSync(pinnedNode)) fetchPinnedNode();
  // OpenClaw refuses to start before its install script ran.
  if (existsSync(join(root, 'node_modules/openclaw/.openclaw-lifecycle-pending'))) {
    await npmOrFail(['rebuild', 'openclaw', '--ignore-scripts=false'], 'Preparing OpenClaw (once)');
  }
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node ${process.versions.node} is too old: install Node 20 or newer`);
const [program, ...args] = process.argv.slice(2);
if (program === undefined) fail('usage: with-node.mjs PROGRAM [ARGUMENT ...]');
await install();

const child = spawn(pinnedNode, [...process.execArgv, join(root, program), ...args], { stdio: 'inherit' });
let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
  process.on(signal, () => {
    isStopping = true;
    // The terminal sends SIGINT and SIGQUIT to the whole group: the child has them already.
    if (!(process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT'))) child.kill(signal);
  });
}
if (process.env.npm_lifecycle_event !== undefined) stopWithParent();
child.on('error', (error) => fail(`cannot run ${pinnedNode}: ${error.message}`));
child.on('close', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});

/** Stops the child when npm's shell dies: npm sends SIGTERM to that shell, and dash does not pass it on. */
function stopWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (!isStopping) child.kill('SIGTERM');
  }, 500);
  watch.unref();
}
